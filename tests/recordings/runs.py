"""The runs that the golden recordings show: real programs on the real engine, each brought to its point.

A run is a coroutine that plays with a laboratory until what its title says has happened. It waits for the
log, never for time to pass.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from server import events as ev
from server.errors import SocketlabError
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


RUNS: dict[str, Run] = {}
"""Every run by the name of its file."""


def run(title: str, *shows: str, hosts: Hosts | None = None, pace: ev.Pace = "live", ship: bool = False):
    """Put a coroutine into ``RUNS``; its name is the file's."""

    def taken(play: Play) -> Play:
        name = play.__name__.replace("_", "-")
        settings = {} if hosts is None else {"hosts": hosts}
        RUNS[name] = Run(title=title, play=play, shows=frozenset(shows), pace=pace, shipped=ship, **settings)
        return play

    return taken


# Programs


ACCEPTS_ONE = """
import socket
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("0.0.0.0", 7777))
listening.listen(5)
connection, address = listening.accept()
print(connection.recv(100))
"""
SENDS_EARLY = """
import socket
connection = socket.socket()
connection.connect(("10.0.0.4", 7777))
connection.sendall(b"early")
input()
"""


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


# Runs


@run("A handshake, one packet at a time", "packet.held", "moment.released", pace="step", ship=True)
async def handshake_by_steps(lab: Laboratory) -> None:
    server = await lab.python("server", ACCEPTS_ONE)
    for name in ("bind", "listen", "accept4"):
        await lab.step_to(server, name)
    await lab.listening("server", 7777)
    await lab.python("client-a", SENDS_EARLY)
    await lab.release("syscall", "socket")
    await lab.release("syscall", "connect")
    await lab.release("packet", "SYN")
    await lab.until("SYN-RECEIVED", lambda: lab.sockets("server", state="SYN-RECEIVED"))
    await lab.release("packet", "SYN,ACK")
    await lab.release("packet", "ACK")
    await established(lab, "server", 1)
    await lab.release("syscall", "sendto")
    await lab.release("packet", "PSH,ACK")
    await lab.until("data waits before accept()", lambda: lab.sockets("server", state="ESTABLISHED", recv_queue=5))
    await lab.release("syscall", "accept4")
    received = await lab.step_to(server, "recvfrom")
    await lab.command("moment.release", moment=received["moment"])
    await lab.seen(ev.SyscallReturned, call=received["call"])


@run("Three clients, one port", "socket.appeared", "process.output", ship=True)
async def three_clients_one_port(lab: Laboratory) -> None:
    await echo_server(lab)
    clients = [await echo_client(lab, host) for host in ("client-a", "client-a", "client-b")]
    await established(lab, "server", 3)
    for number, pid in enumerate(clients, 1):
        await says(lab, pid, f"I am number {number}")
    await leaves(lab, clients[1])
    await lab.until("two are left", lambda: len(lab.sockets("server", state="ESTABLISHED")) == 2)
    await lab.seen(ev.SocketVanished, host="server")


@run("Nobody listens: connection refused", "process.exited", ship=True)
async def refused(lab: Laboratory) -> None:
    await lab.exited(await echo_client(lab, "client-a"))


@run("A lost SYN comes again", "packet.dropped", ship=True)
async def lost_syn(lab: Laboratory) -> None:
    await echo_server(lab)
    await lab.command("packet.drop", match={"flags": "SYN"}, count=1)
    pid = await echo_client(lab, "client-a")
    await established(lab, "server", 1)
    assert lab.all(ev.PacketDropped)
    await leaves(lab, pid)


@run("One side has said everything: a half-close", "socket.changed")
async def half_close(lab: Laboratory) -> None:
    server = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
connection, address = listening.accept()
while connection.recv(100):
    pass
for part in (b"I can still", b" answer"):
    connection.sendall(part)
connection.close()
"""
    client = """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.sendall(b"that is all")
connection.shutdown(socket.SHUT_WR)
while data := connection.recv(100):
    print(data)
"""
    await lab.python("server", server)
    await lab.listening("server", 7777)
    await lab.exited(await lab.python("client-a", client))


@run("Who closes first waits: TIME-WAIT, and a bind that fails", "process.exited")
async def time_wait(lab: Laboratory) -> None:
    server = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
connection, address = listening.accept()
connection.close()
"""
    client = """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.recv(1)
"""
    first = await lab.python("server", server)
    await lab.listening("server", 7777)
    await lab.python("client-a", client)
    await lab.exited(first)
    await lab.until("TIME-WAIT", lambda: lab.sockets("server", state="TIME-WAIT"))
    second = await lab.python("server", server)
    await lab.exited(second)
    assert [e.error for e in lab.all(ev.SyscallReturned, pid=second) if e.error == "EADDRINUSE"]


@run("UDP: one socket, two peers, and an ICMP for a third", "packet.delivered")
async def datagrams(lab: Laboratory) -> None:
    start = {"host": "server", "program": "udp_echo_server", "args": ["7"], "credentials": "admin"}
    await lab.command("process.start", **start)
    await lab.until("a bound UDP socket", lambda: lab.sockets("server", protocol="udp"))
    for host, port in (("client-a", "7"), ("client-b", "7")):
        pid = (await lab.command("process.start", host=host, program="udp_echo_client", args=["10.0.0.4", port]))["pid"]
        await says(lab, pid, f"from {host}")
    nobody = """
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("10.0.0.4", 9))
client.send(b"anybody?")
try:
    client.recv(10)
except ConnectionRefusedError as error:
    print(error)
"""
    await lab.exited(await lab.python("client-a", nobody))


@run("Unix sockets: no address of the net, no packet", "fd.opened")
async def unix_sockets(lab: Laboratory) -> None:
    program = """
import os, socket, threading
listening = socket.socket(socket.AF_UNIX)
listening.bind("/tmp/door")
listening.listen()
def serve():
    connection, _ = listening.accept()
    connection.sendall(connection.recv(100).upper())
    connection.close()
thread = threading.Thread(target=serve)
thread.start()
client = socket.socket(socket.AF_UNIX)
client.connect("/tmp/door")
client.sendall(b"through the door")
print(client.recv(100))
thread.join()
left, right = socket.socketpair()
left.send(b"pair")
print(right.recv(100))
"""
    await lab.exited(await lab.python("server", program))


@run("Fork: two processes hold one listening socket", "process.started")
async def fork(lab: Laboratory) -> None:
    program = """
import os, socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        connection, address = listening.accept()
        connection.sendall(b"served by %d" % os.getpid())
        connection.close()
        os._exit(0)
    children.append(child)
listening.close()
for child in children:
    os.waitpid(child, 0)
"""
    client = """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
print(connection.recv(100))
"""
    server = await lab.python("server", program)
    await lab.until("both wait", lambda: waiting(lab, "accept4") == 2)
    for host in ("client-a", "client-b"):
        await lab.exited(await lab.python(host, client))
    await lab.exited(server)


def waiting(lab: Laboratory, name: str) -> int:
    """How many threads are inside a call of this name, held or not."""
    lab.catch_up()
    processes = lab.state["processes"].values()
    return sum(call["name"] == name for process in processes for call in process["calls"].values())


@run("asyncio: one thread, epoll, two clients", "syscall.returned")
async def asyncio_server(lab: Laboratory) -> None:
    program = """
import asyncio
async def serve(reader, writer):
    while data := await reader.readline():
        writer.write(data)
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 7777)
    async with server:
        await server.serve_forever()
asyncio.run(main())
"""
    await lab.python("server", program)
    await lab.listening("server", 7777)
    clients = [await echo_client(lab, host, "10.0.0.4", "7777") for host in ("client-a", "client-b")]
    for pid in clients:
        await says(lab, pid, "hello")
    for pid in clients:
        await leaves(lab, pid)


@run("Threads: each connection has one", "process.output")
async def threads(lab: Laboratory) -> None:
    await echo_server(lab)
    clients = [await echo_client(lab, "client-a") for _ in range(2)]
    for pid in clients:
        await says(lab, pid, "hello")
    for pid in clients:
        await leaves(lab, pid)


@run("A full accept queue", "packet.sent")
async def full_backlog(lab: Laboratory) -> None:
    server = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen(1)
input()
accepted = [listening.accept() for number in range(3)]
input()
"""
    client = """
import socket
connection = socket.socket()
connection.connect(("10.0.0.4", 7777))
input()
"""
    pid = await lab.python("server", server)
    await lab.listening("server", 7777)
    for host in ("client-a", "client-a"):
        await lab.python(host, client)
    await lab.until("the queue is full", lambda: lab.sockets("server", state="LISTEN", recv_queue=2))
    await lab.python("client-b", client)
    await lab.until("the third SYN is repeated", lambda: [e for e in lab.all(ev.PacketSent) if e.repeats is not None])
    await lab.type(pid, "\n")
    await established(lab, "server", 3)


@run("Kill: the kernel closes for a program that cannot", "process.exited")
async def kill(lab: Laboratory) -> None:
    server = await echo_server(lab)
    clients = [await echo_client(lab, host) for host in ("client-a", "client-b")]
    await says(lab, clients[0], "before")
    await lab.command("process.signal", pid=clients[0], signal="KILL")
    await lab.exited(clients[0])
    await lab.until("one connection is left", lambda: len(lab.sockets("server", state="ESTABLISHED")) == 1)
    await lab.command("process.signal", pid=server, signal="KILL")
    await lab.exited(server)
    await lab.type(clients[1], "after\n")
    await lab.exited(clients[1])


@run(
    "IPv6, and one socket for both families",
    "packet.delivered",
    hosts={
        "server": ["10.0.0.4/24", "fd00::4/64"],
        "client-a": ["10.0.0.5/24", "fd00::5/64"],
        "client-b": ["fd00::6/64"],
    },
)
async def ipv6(lab: Laboratory) -> None:
    await echo_server(lab, 7, "::")
    for host, address in (("client-b", "fd00::4"), ("client-a", "fd00::4"), ("client-a", "10.0.0.4")):
        await says(lab, await echo_client(lab, host, address, "7"), "six or four")


@run("The same host: 127.0.0.1 and no wire", "packet.sent")
async def loopback(lab: Laboratory) -> None:
    await echo_server(lab)
    pid = await echo_client(lab, "server", "127.0.0.1", "7")
    await says(lab, pid, "inside")
    await leaves(lab, pid)


@run("A reset: closed with data unread", "socket.vanished")
async def reset(lab: Laboratory) -> None:
    server = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
connection, address = listening.accept()
connection.recv(1)
connection.close()
input()
"""
    client = """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.sendall(b"more than one byte")
try:
    print(connection.recv(100))
except ConnectionResetError as error:
    print(error)
"""
    await lab.python("server", server)
    await lab.listening("server", 7777)
    await lab.exited(await lab.python("client-a", client))
    assert [e for e in lab.all(ev.PacketSent) if "RST" in e.flags]


@run("Sixty connections", "socket.appeared")
async def sixty(lab: Laboratory) -> None:
    client = """
import socket
connections = [socket.create_connection(("10.0.0.4", 7777)) for _ in range(60)]
input()
for connection in connections[::2]:
    connection.close()
input()
"""
    server = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen(20)
kept = []
while len(kept) < 60:
    kept.append(listening.accept()[0])
input()
"""
    await lab.python("server", server)
    await lab.listening("server", 7777)
    pid = await lab.python("client-a", client)
    await established(lab, "server", 60)
    await lab.type(pid, "\n")
    await lab.until("half of them close", lambda: len(lab.sockets("server", state="CLOSE-WAIT")) == 30)


@run("Ten ports and then none", "sysctl.changed", "command.refused")
async def ten_ports(lab: Laboratory) -> None:
    name = "net.ipv4.ip_local_port_range"
    await lab.command("sysctl.set", host="client-a", name=name, value="50000 50009")
    try:
        await lab.command("sysctl.set", host="client-a", name="kernel.panic", value="1")
    except SocketlabError:
        pass
    else:
        raise AssertionError("kernel.panic was set")
    client = """
import socket
connections = []
try:
    while True:
        connections.append(socket.create_connection(("10.0.0.4", 7)))
except OSError as error:
    print(len(connections), error)
"""
    await echo_server(lab)
    pid = await lab.python("client-a", client)
    await lab.exited(pid)
    assert lab.output(pid).startswith("10 ")


@run("A host joins; the wire is slow and loses", "wire.changed", "host.added")
async def joining_host(lab: Laboratory) -> None:
    await echo_server(lab)
    await lab.command("host.add", name="client-c", addresses=["10.0.0.7/24"])
    await lab.command("wire.set", delay_ms=40, jitter_ms=5)
    pid = await echo_client(lab, "client-c")
    await says(lab, pid, "from far away")
    await lab.command("wire.set", delay_ms=0, jitter_ms=0, loss=0.05)
    await lab.command("wire.set", loss=0)
    await leaves(lab, pid)


@run("Held, duplicated, dropped", "packet.held", "packet.dropped")
async def held_and_duplicated(lab: Laboratory) -> None:
    start = {"host": "server", "program": "udp_echo_server", "args": ["7"], "credentials": "admin"}
    await lab.command("process.start", **start)
    await lab.until("a bound UDP socket", lambda: lab.sockets("server", protocol="udp"))
    await lab.command("packet.hold", match={"protocol": "udp", "destination_port": 7})
    start = {"host": "client-a", "program": "udp_echo_client", "args": ["10.0.0.4", "7"]}
    client = (await lab.command("process.start", **start))["pid"]
    await lab.type(client, "one\n")
    first = await lab.seen(ev.PacketHeld)
    await lab.command("packet.duplicate", packet=first.packet)
    await lab.until("the echo of the copy", lambda: "echo: one" in lab.output(client))
    await lab.command("packet.deliver", packet=first.packet)
    await lab.type(client, "two\n")
    _, second = await lab.until("two were held", lambda: len(held := lab.all(ev.PacketHeld)) == 2 and held)
    await lab.command("packet.drop", packet=second.packet)
    await lab.seen(ev.PacketDropped, packet=second.packet)


@run("Slow pace: everything waits a moment", "moment.pending", "pace.changed")
async def slow_pace(lab: Laboratory) -> None:
    await lab.command("pace.set", pace="slow", pause_ms=30)
    await echo_server(lab)
    pid = await echo_client(lab, "client-a")
    await says(lab, pid, "slowly")
    await lab.command("pace.set", pace="live")
    await leaves(lab, pid)


@run("A web server and curl", "process.executed")
async def web(lab: Laboratory) -> None:
    shell = "cd /labs/programs && exec python3 -m http.server 80"
    await lab.start("server", "sh", "-c", shell, admin=True)
    await lab.listening("server", 80)
    await lab.exited(await lab.start("client-a", "curl", "-s", "-o", "/dev/null", "http://10.0.0.4/echo_server.py"))
