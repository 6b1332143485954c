"""Against ss: our socket table equals what ``ss -tanpe`` and ``ss -uanpe`` say in the same host at the same moment.

Every socket of every host is compared: state, queues, addresses, inode, owners (pid, descriptor), uid, timer and its
retransmissions. ss runs from outside in the host's network namespace, so that it is itself no part of the log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from server import events as ev
from server.sessions.zygote import Zygote
from tests.judges import outside
from tests.judges.ss_rows import Rows, judged, ours, seconds_left
from tests.laboratory import Laboratory, laboratory

HOSTS = {
    "server": ["10.0.0.4/24", "fd00::4/64"],
    "client-a": ["10.0.0.5/24", "fd00::5/64"],
    "client-b": ["10.0.0.6/24"],
}
Compare = Callable[[str], Awaitable[None]]


async def comparing(lab: Laboratory) -> Compare:
    """What compares all hosts; called with the name of the moment."""
    anchors = {host: await outside.anchor(lab, host) for host in HOSTS}

    async def compare(moment: str) -> None:
        for host, anchor in anchors.items():
            differs = await _differs(lab, host, anchor)
            # Timers run by themselves, and we promise to look at them each second; in live pace that a busy table is
            # read soon. At a held moment all else is so at once.
            while differs and (lab.state["pace"] == "live" or all(" timer: " in each for each in differs)):
                seq = lab.state["seq"]
                await lab.until(f"the table is read: {differs}", lambda since=seq: lab.state["seq"] > since, 5)
                differs = await _differs(lab, host, anchor)
            assert not differs, f"{host}, {moment}: {differs}"

    return compare


async def _differs(lab: Laboratory, host: str, anchor: int) -> list[str]:
    """What differs at a moment in which nothing happens."""
    while True:
        lab.catch_up()
        before = lab.state["seq"]
        told, seen = ours(lab, host), judged(lab, anchor)
        _time_wait_that_is_still_open(told, seen)
        await clock(lab)
        if lab.state["seq"] == before + 2:  # nothing but our own two events has happened meanwhile
            return unlike(told, seen)


def _time_wait_that_is_still_open(told: Rows, seen: Rows) -> None:
    """The one known difference.

    When a connection enters TIME-WAIT before its program called close(), the kernel keeps a record with the same cookie
    in the table, and the socket that the descriptor names is closed and in no table. ss tells the record without an
    owner; our row keeps the descriptor that names this cookie, because the program still has it.
    """
    for cookie, row in told.items():
        if row["state"] == "TIME-WAIT" and row["owners"] and cookie in seen and not seen[cookie]["owners"]:
            row["owners"] = []


def unlike(told: Rows, seen: Rows) -> list[str]:
    """What differs, field by field."""
    found = []
    for cookie in sorted({*told, *seen}):
        mine, other = told.get(cookie, {}), seen.get(cookie, {})
        names = [name for name in {**mine, **other} if mine.get(name) != other.get(name)]
        found += [f"{cookie} {name}: we say {mine.get(name)!r}, ss says {other.get(name)!r}" for name in names]
    return found


async def clock(lab: Laboratory) -> int:
    """Now, on the log's clock (ns): the time of an event that says nothing else."""
    await lab.command("wire.set")
    lab.catch_up()
    return lab.all(ev.WireChanged)[-1].t


async def settled(lab: Laboratory, what: str, host: str, **row: Any) -> dict[str, Any]:
    """Wait for a socket."""
    (found, *_) = await lab.until(what, lambda: lab.sockets(host, **row))
    return found


SERVER = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen(5)
connection, address = listening.accept()
connection.recv(100)
connection.send(b"answer")
connection.close()
listening.accept()
"""
CLIENT = """
import socket
connection = socket.socket()
connection.connect(("10.0.0.4", 7777))
connection.send(b"early")
while connection.recv(100):
    pass
connection.close()
input()
"""


async def test_every_step_of_a_connection(zygote: Zygote) -> None:
    """Every single moment of both programs and of the wire, from the first socket() to TIME-WAIT."""
    async with laboratory(zygote, HOSTS) as lab:
        compare = await comparing(lab)
        await lab.command("pace.set", pace="step")
        server = await lab.python("server", SERVER)
        await lab.step_to(server, "accept4")
        await compare("listening, before accept")
        moment = await lab.release("syscall", "accept4")
        await compare("in accept")
        client = await lab.python("client-a", CLIENT)
        steps = 0
        while not [row for row in lab.sockets("server") + lab.sockets("client-a") if row["state"] == "TIME-WAIT"]:
            moment = await lab.until("a moment", lambda: next(iter(lab.state["moments"].values()), None))
            name = f"{moment['kind']} {lab.name_of(moment)}"
            await compare(f"before {name}")
            await lab.command("moment.release", moment=moment["moment"])
            await compare(f"after {name}")
            steps += 1
        await compare("TIME-WAIT")
        assert steps >= 14
        states = {e.state for e in lab.all(ev.SocketChanged)} | {e.state for e in lab.all(ev.SocketAppeared)}
        assert {"LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "TIME-WAIT"} <= states
        assert lab.state["processes"][str(client)]["status"] == "running"


async def test_a_full_backlog(zygote: Zygote) -> None:
    async with laboratory(zygote, HOSTS) as lab:
        compare = await comparing(lab)
        await lab.python(
            "server",
            "import socket\nl = socket.socket()\nl.bind(('0.0.0.0', 7777))\nl.listen(1)\ninput()",
        )
        await lab.listening("server", 7777)
        connecting = "import socket\nc = socket.socket()\nc.connect(('10.0.0.4', 7777))\nc.send(b'x' * 3)\ninput()"
        for count in (1, 2):
            await lab.python("client-a", connecting)
            await settled(lab, f"{count} in the queue", "server", state="LISTEN", recv_queue=count)
            await lab.until(
                "all data has arrived",
                lambda c=count: len(lab.sockets("server", state="ESTABLISHED", recv_queue=3)) == c,
            )
            await compare(f"{count} waiting")
        await lab.python("client-b", connecting)
        await settled(lab, "the third waits", "client-b", state="SYN-SENT")
        first = await lab.seen(ev.PacketSent, source_host="client-b", flags=["SYN"])
        await compare("the queue is full")
        await lab.seen(ev.PacketSent, repeats=first.packet)
        await compare("its SYN was repeated")
        row = await settled(lab, "counted", "client-b", state="SYN-SENT")
        assert row["timer"]["retransmits"] >= 1


async def test_a_half_close(zygote: Zygote) -> None:
    async with laboratory(zygote, HOSTS) as lab:
        compare = await comparing(lab)
        server = await lab.python(
            "server",
            """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
connection, _ = listening.accept()
input()
connection.send(b"still talking")
input()
""",
        )
        await lab.listening("server", 7777)
        await lab.python(
            "client-a",
            """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.shutdown(socket.SHUT_WR)
input()
""",
        )
        await settled(lab, "FIN-WAIT-2", "client-a", state="FIN-WAIT-2")
        await settled(lab, "CLOSE-WAIT", "server", state="CLOSE-WAIT")
        await compare("half closed")
        await lab.type(server, "\n")
        await settled(lab, "its words arrive", "client-a", state="FIN-WAIT-2", recv_queue=13)
        await compare("half closed, with data the other way")
        await lab.type(server, "\n")
        await lab.exited(server)
        await lab.until("no socket of its is left", lambda: not lab.sockets("server", state="CLOSE-WAIT"))
        await compare("closed by both")


async def test_a_time_wait_and_what_is_left_of_it(zygote: Zygote) -> None:
    async with laboratory(zygote, HOSTS) as lab:
        compare = await comparing(lab)
        server = await lab.python(
            "server",
            "import socket\nl = socket.socket()\nl.bind(('0.0.0.0', 7777))\nl.listen()\nl.accept()[0].close()\ninput()",
        )
        await lab.listening("server", 7777)
        client = await lab.python("client-a", "import socket\nsocket.create_connection(('10.0.0.4', 7777)).recv(1)")
        await lab.exited(client)
        row = await settled(lab, "TIME-WAIT", "server", state="TIME-WAIT")
        await compare("TIME-WAIT")
        assert (row["inode"], row["owners"], row["timer"]["name"]) == (0, [], "time-wait")
        anchor = await outside.anchor(lab, "server")
        before = await clock(lab)
        left = seconds_left(lab, anchor, row["socket"])
        after = await clock(lab)
        # ss shows whole seconds.
        assert (row["timer"]["expires_t"] - after) / 1e9 - 1 <= left <= (row["timer"]["expires_t"] - before) / 1e9 + 1
        assert lab.state["processes"][str(server)]["status"] == "running"


async def test_udp_ipv6_several_owners_and_timers(zygote: Zygote) -> None:
    async with laboratory(zygote, HOSTS) as lab:
        compare = await comparing(lab)
        server = await lab.python(
            "server",
            """
import os, socket
kept = []
def bound(family, kind, address, *options):
    one = socket.socket(family, kind)
    for option in options:
        one.setsockopt(*option)
    one.bind(address)
    kept.append(one)
    return one
bound(socket.AF_INET, socket.SOCK_DGRAM, ("10.0.0.4", 53))
bound(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 54))
bound(socket.AF_INET6, socket.SOCK_DGRAM, ("fd00::4", 53))
bound(socket.AF_INET6, socket.SOCK_DGRAM, ("::", 55))
connected = bound(socket.AF_INET, socket.SOCK_DGRAM, ("10.0.0.4", 56))
connected.connect(("10.0.0.5", 57))
bound(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 80)).listen(7)
bound(socket.AF_INET6, socket.SOCK_STREAM, ("::", 81)).listen(8)
bound(socket.AF_INET6, socket.SOCK_STREAM, ("::", 82), (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)).listen(9)
listening = bound(socket.AF_INET6, socket.SOCK_STREAM, ("fd00::4", 83))
listening.listen(10)
os.dup2(listening.fileno(), 50)
if os.fork() == 0:
    os.close(50)
    input()
    os._exit(0)
print("ready", flush=True)
both = [listening.accept()[0], kept[6].accept()[0]]
for one in both:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
print("accepted", flush=True)
os.wait()
""",
            admin=True,
        )
        await lab.until("ready", lambda: lab.output(server) == "ready\n")
        await compare("bound and listening")
        await lab.python(
            "client-a",
            """
import socket
one = socket.socket(socket.AF_INET6)
one.connect(("fd00::4", 83))
two = socket.create_connection(("10.0.0.4", 81))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.sendto(b"waits unread", ("10.0.0.4", 54))
datagrams.sendto(b"so does this", ("10.0.0.4", 54))
print("sent", flush=True)
input()
""",
        )
        await lab.until("accepted", lambda: lab.output(server) == "ready\naccepted\n")
        await lab.until("datagrams wait", lambda: [r for r in lab.sockets("server", protocol="udp") if r["recv_queue"]])
        await lab.until("keepalive", lambda: len([r for r in lab.sockets("server") if "timer" in r]) == 2)
        await compare("connected")
        mapped = [row["local"] for row in lab.sockets("server", state="ESTABLISHED", protocol="tcp")]
        assert sorted(mapped) == ["[::ffff:10.0.0.4]:81", "[fd00::4]:83"]


async def test_queues_of_a_receiver_that_does_not_read(zygote: Zygote) -> None:
    async with laboratory(zygote, HOSTS) as lab:
        compare = await comparing(lab)
        await lab.command("sysctl.set", host="server", name="net.ipv4.tcp_rmem", value="4096 8192 16384")
        await lab.python(
            "server",
            "import socket\nl = socket.socket()\nl.bind(('0.0.0.0', 7777))\nl.listen()\nc = l.accept()\ninput()",
        )
        await lab.listening("server", 7777)
        client = await lab.python(
            "client-a",
            """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.setblocking(False)
count = 0
try:
    while True:
        count += connection.send(bytes(1000))
except BlockingIOError:
    print(count, flush=True)
input()
""",
        )
        await lab.until("it can send no more", lambda: lab.output(client))
        await lab.until(
            "the window is closed", lambda: [r for r in lab.sockets("client-a") if _timer(r) == "zero-window-probe"]
        )
        await compare("the window is closed")


def _timer(row: dict[str, Any]) -> str:
    return row["timer"]["name"] if row.get("timer") else ""
