"""The catalogue: the ordinary programs that a person can start by name.

A pure table. The sandbox reads it to know what to run, the page to offer it, the docs to list it.
Any other command that is installed on the machine can be started with ``argv`` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from server.errors import BadRequestError

PROGRAMS_FOLDER = "/labs/programs"
"""Where ``labs/programs`` stands inside a sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One entry of the catalogue.

    Attributes:
        title: What the page calls it.
        summary: One sentence: what it does.
        file: Its file in ``labs/programs``; empty if ``command`` is enough.
        command: What comes before the file and the arguments.
        args: The arguments that the page offers.
        usage: The arguments that it takes, as its own help tells them.
        role: Whether it waits for others, or calls them.
        reads_input: Whether a line of text can be sent to it while it runs.
        credentials: What it needs: ``admin`` to bind a port below 1024.
    """

    title: str
    summary: str
    file: str = ""
    command: tuple[str, ...] = ("python3",)
    args: tuple[str, ...] = ()
    usage: str = ""
    role: Literal["server", "client"]
    reads_input: bool = False
    credentials: Literal["user", "admin"] = "user"


PROGRAMS: dict[str, Program] = {
    "echo_server": Program(
        title="Echo server",
        summary="Listens on a TCP port and sends back what each client says.",
        file="echo_server.py",
        args=("7",),
        usage="[PORT [ADDRESS]]",
        role="server",
        credentials="admin",
    ),
    "echo_client": Program(
        title="Echo client",
        summary="Connects by TCP, sends each line that you type, and prints the answer.",
        file="echo_client.py",
        args=("10.0.0.4", "7"),
        usage="[HOST [PORT]]",
        role="client",
        reads_input=True,
    ),
    "udp_echo_server": Program(
        title="UDP echo server",
        summary="Waits on a UDP port and sends each datagram back: one socket for everybody.",
        file="udp_echo_server.py",
        args=("7",),
        usage="[PORT [ADDRESS]]",
        role="server",
        credentials="admin",
    ),
    "udp_echo_client": Program(
        title="UDP echo client",
        summary="Sends each line that you type as one datagram and prints the answer.",
        file="udp_echo_client.py",
        args=("10.0.0.4", "7"),
        usage="[HOST [PORT]]",
        role="client",
        reads_input=True,
    ),
    "http_server": Program(
        title="Web server",
        summary="Python's own web server, as it comes with every Python: it shows the folder of the lab programs.",
        command=("python3", "-m", "http.server"),
        args=("80", "--directory", PROGRAMS_FOLDER),
        usage="[PORT] [--bind ADDRESS] [--directory FOLDER]",
        role="server",
        credentials="admin",
    ),
}


def argv_for(name: str, args: Sequence[str]) -> list[str]:
    """The command line that starts the program ``name`` with ``args`` inside a sandbox.

    Raises:
        BadRequestError: The catalogue has no such program.
    """
    program = PROGRAMS.get(name)
    if program is None:
        raise BadRequestError(f"The catalogue has no program named {name!r}.", f"It has: {', '.join(PROGRAMS)}.")
    file = [f"{PROGRAMS_FOLDER}/{program.file}"] if program.file else []
    return [*program.command, *file, *args]
