"""How often kernels repeat: their own defaults, more of it while something is held, and the defaults again."""

from __future__ import annotations

from typing import Any

from server import events as ev
from server.deciders.patience import WHILE_HELD
from server.sessions.zygote import Zygote
from tests.laboratory import Laboratory, laboratory

SYN = "net.ipv4.tcp_syn_retries"
READS = """
import sys
for name in sys.argv[1:]:
    print(*open(f"/proc/sys/{name.replace('.', '/')}").read().split())
"""
LISTENS = "import socket\nlistening = socket.create_server(('', 7777))\ninput()"
CALLS = """
import socket
try:
    socket.create_connection(("10.0.0.4", 7777))
except OSError as error:
    print(type(error).__name__, flush=True)
else:
    print("connected", flush=True)
    input()
"""


async def kernel(lab: Laboratory, host: str) -> dict[str, str]:
    """What the kernel says to a program on a host."""
    reader = await lab.python(host, READS, *WHILE_HELD)
    await lab.exited(reader)
    return dict(zip(WHILE_HELD, lab.output(reader).splitlines(), strict=True))


def raised(lab: Laboratory, host: str) -> dict[str, Any]:
    """What the state says that differs on a host, of what a hold changes."""
    lab.catch_up()
    return {name: found for name, found in lab.state["hosts"][host]["differs"].items() if name in WHILE_HELD}


def unasked(lab: Laboratory, host: str, name: str) -> list[str]:
    """The values that a parameter of a host was given without a command."""
    return [e.value for e in lab.all(ev.SysctlChanged, host=host, name=name) if e.why is not None]


async def listens(lab: Laboratory) -> None:
    """Something listens on port 7777 of the server."""
    await lab.python("server", LISTENS)
    await lab.listening("server", 7777)


async def test_a_hold_raises_and_its_end_sets_back(lab: Laboratory) -> None:
    defaults = await kernel(lab, "client-a")
    assert raised(lab, "client-a") == {}
    await listens(lab)
    await lab.command("packet.hold", match={"flags": "SYN"})
    client = await lab.python("client-a", CALLS)
    held = await lab.seen(ev.PacketHeld)
    for host in ("server", "client-a", "client-b"):
        await lab.until("patient", lambda host=host: len(raised(lab, host)) == len(WHILE_HELD))
        assert raised(lab, host) == {
            name: {"value": str(value), "default": defaults[name], "why": why}
            for name, (value, why) in WHILE_HELD.items()
        }
        assert await kernel(lab, host) == {name: str(value) for name, (value, _) in WHILE_HELD.items()}
    await lab.command("packet.deliver", packet=held.packet)
    await lab.until("connected", lambda: lab.output(client) == "connected\n")
    for host in ("server", "client-a", "client-b"):
        await lab.until("as by default", lambda host=host: raised(lab, host) == {})
        assert await kernel(lab, host) == defaults


async def test_who_still_repeats_keeps_its_patience(lab: Laboratory) -> None:
    await listens(lab)
    await lab.command("packet.hold", match={"flags": "SYN"}, count=1)
    client = await lab.python("client-a", CALLS)
    held = await lab.seen(ev.PacketHeld)
    await lab.until(
        "the table shows that it was repeated",
        lambda: [row for row in lab.sockets("client-a", state="SYN-SENT") if row["timer"]["retransmits"]],
    )
    await lab.command("packet.drop", match={"flags": "SYN"})
    await lab.command("packet.drop", packet=held.packet)
    await lab.until("nobody else repeats", lambda: (raised(lab, "server"), raised(lab, "client-b")) == ({}, {}))
    before = len(lab.all(ev.PacketSent, source_host="client-a"))
    await lab.until("another copy", lambda: len(lab.all(ev.PacketSent, source_host="client-a")) > before)
    assert raised(lab, "client-a"), "nothing is held, but its next repeat counts from the first"
    await lab.command("packet.drop", match={"flags": "SYN"}, off=True)
    await lab.until("connected", lambda: lab.output(client) == "connected\n")
    await lab.until("as by default", lambda: raised(lab, "client-a") == {})


async def test_step_pace_is_one_hold(stepped: Laboratory) -> None:
    lab = stepped
    await lab.until("patient", lambda: raised(lab, "server"))
    program = await lab.python("server", "import socket\nsocket.socket()\nsocket.socket()")
    for name in ("socket", "close", "socket"):
        await lab.release("syscall", name)
    await lab.command("pace.set", pace="live")
    await lab.exited(program)
    await lab.until("as by default", lambda: raised(lab, "server") == {})
    value, default = WHILE_HELD[SYN][0], lab.all(ev.SysctlChanged, host="server", name=SYN)[0].default
    assert unasked(lab, "server", SYN) == [str(value), default]


async def test_a_held_call_outlasts_the_pace_that_held_it(stepped: Laboratory) -> None:
    lab = stepped
    await lab.until("patient", lambda: raised(lab, "server"))
    await lab.python("server", LISTENS)
    await lab.until("a call waits", lambda: lab.state["moments"])
    await lab.command("pace.set", pace="live")
    await lab.listening("server", 7777)
    await lab.until("as by default", lambda: raised(lab, "server") == {})


async def test_a_slow_wire_is_a_hold_and_an_ordinary_one_is_not(lab: Laboratory) -> None:
    await lab.command("wire.set", delay_ms=200)
    await kernel(lab, "server")
    assert raised(lab, "server") == {}
    await lab.command("wire.set", delay_ms=30_000)
    await lab.until("patient", lambda: raised(lab, "server"))
    await lab.command("wire.set", delay_ms=0)
    await lab.until("as by default", lambda: raised(lab, "server") == {})


async def test_what_a_person_sets_counts_during_a_hold(lab: Laboratory) -> None:
    await lab.command("sysctl.set", host="client-a", name=SYN, value=1)
    (asked,) = lab.all(ev.SysctlChanged)
    assert (asked.value, asked.why, int(asked.default) > 1) == ("1", None, True)
    await listens(lab)
    await lab.command("packet.hold", match={"flags": "SYN"})
    client = await lab.python("client-a", CALLS)
    await lab.exited(client)
    assert lab.output(client) == "TimeoutError\n", "the SYN is still held, and its kernel has given up"
    assert raised(lab, "client-a")[SYN] == {"value": "1", "default": asked.default, "why": None}
    assert unasked(lab, "client-a", SYN) == []
    assert len(raised(lab, "server")) == len(WHILE_HELD)


async def test_a_host_that_is_added_says_what_differs(zygote: Zygote) -> None:
    async with laboratory(zygote) as lab:
        await lab.command("host.add", name="late", addresses=["10.0.0.9/24"])
        added = await lab.seen(ev.HostAdded, host="late")
        assert added.differs
        assert all(each.value != each.default and each.why for each in added.differs)
        assert not {each.name for each in added.differs} & set(WHILE_HELD)
        first = lab.all(ev.HostAdded, host="server")[0]
        assert first.differs == added.differs
