"""Runs of TCP connections: how they begin and end, and what they share, use up, and are refused for."""

from __future__ import annotations

from server import events as ev
from server.errors import SocketlabError
from tests.laboratory import Laboratory
from tests.recordings.playing import echo_client, echo_server, established, leaves, run, says

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
