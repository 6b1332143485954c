"""What a run is, and what many runs do.

A run is a coroutine that plays with a laboratory until what its title says has happened. It waits for the
log, never for time to pass.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from server import events as ev
from tests.laboratory import DEFAULT_HOSTS, Laboratory

Hosts = dict[str, Sequence[str]]
Play = Callable[[Laboratory], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recording to be made.

    Attributes:
        title: What its heading says.
        play: What happens in it.
        shows: Some of the types of events that it must hold, or it has missed its point.
        hosts: The hosts that it begins with.
        pace: The pace that it begins in.
        shipped: Whether it comes along with the program, for people who want to look before they run.
    """

    title: str
    play: Play
    shows: frozenset[str] = frozenset()
    hosts: Hosts = field(default_factory=lambda: dict(DEFAULT_HOSTS))
    pace: ev.Pace = "live"
    shipped: bool = False

    @property
    def name(self) -> str:
        """What its file is called."""
        return self.play.__name__.replace("_", "-")


def run(title: str, *shows: str, hosts: Hosts | None = None, pace: ev.Pace = "live", ship: bool = False):
    """Make a coroutine a run; its name is the file's."""

    def taken(play: Play) -> Run:
        settings = {} if hosts is None else {"hosts": hosts}
        return Run(title=title, play=play, shows=frozenset(shows), pace=pace, shipped=ship, **settings)

    return taken


async def echo_server(lab: Laboratory, port: int = 7, *arguments: str) -> int:
    """The catalogue's echo server, once it listens."""
    args = [str(port), *arguments]
    command = {"host": "server", "program": "echo_server", "args": args, "credentials": "admin"}
    pid: int = (await lab.command("process.start", **command))["pid"]
    await lab.listening("server", port)
    return pid


async def echo_client(lab: Laboratory, host: str, *arguments: str) -> int:
    """The catalogue's echo client."""
    args = list(arguments or ("10.0.0.4", "7"))
    return int((await lab.command("process.start", host=host, program="echo_client", args=args))["pid"])


async def says(lab: Laboratory, pid: int, text: str) -> None:
    """Type a line into a client and wait for its echo."""
    await lab.type(pid, f"{text}\n")
    await lab.until(f"the echo of {text}", lambda: f"echo: {text}" in lab.output(pid))


async def leaves(lab: Laboratory, pid: int) -> None:
    """End a client's input and wait until it has gone."""
    await lab.type(pid, "", end=True)
    await lab.exited(pid)


async def established(lab: Laboratory, host: str, count: int, **fields: object) -> None:
    """Wait for so many connected sockets on a host."""
    await lab.until(f"{count} connected", lambda: len(lab.sockets(host, state="ESTABLISHED", **fields)) >= count)


def waiting(lab: Laboratory, name: str) -> int:
    """How many threads are inside a call of this name, held or not."""
    lab.catch_up()
    processes = lab.state["processes"].values()
    return sum(call["name"] == name for process in processes for call in process["calls"].values())
