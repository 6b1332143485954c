"""Against strace: our own programs, for each way to serve and each kind of socket; how is in ``against_strace.py``."""

from __future__ import annotations

from server.sessions.zygote import Zygote
from tests.judges.against_strace import PYTHON, judge
from tests.judges.differences import EMPTY_POLLS, KNOWN, NETLINK, PIECES, POINTERS, TIMERS
from tests.judges.sides import Side, Threads


def names(threads: Threads, path: str = "") -> list[str]:
    """The names of a thread's calls."""
    return [call.name for call in threads[path]]


async def test_the_echo_server_with_three_clients(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "echo_server.py")
        await server.said("listening on")
        clients = (("client-a", "one\n"), ("client-b", "two\n"), ("client-a", "three\n"))
        for number, (host, text) in enumerate(clients, 1):
            client = await side.start(host, PYTHON, "echo_client.py", "10.0.0.4")
            await client.said("connected")
            await client.type(text)
            await client.said(f"echo: {text}")
            await client.type("", end=True)
            await client.ended()
            await server.said("goodbye", times=number)
        await server.alone()
        await server.signal("KILL")
        await server.ended()

    theirs = await judge(zygote, scenario)
    assert sorted(theirs) == ["", "0", "1", "2"]
    assert names(theirs).count("accept4") == 3


CLIENT = """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
print("connected", flush=True)
for line in open(0):
    connection.sendall(line.encode())
    print("got", connection.recv(100).decode(), flush=True)
"""


async def one_client(side: Side, host: str, text: str) -> None:
    """Start a client, let it speak once, and wait for its end."""
    client = await side.start(host, PYTHON, "-c", CLIENT)
    await client.said("connected")
    await client.type(f"{text}\n")
    await client.said(f"got {text}")
    await client.type("", end=True)
    await client.ended()


THREADS = """
import queue, socket, threading
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
print("ready", flush=True)
def serve(connection):
    with connection:
        while data := connection.recv(100):
            connection.send(data.upper())
for number in range(3):
    connection, _ = listening.accept()
    thread = threading.Thread(target=serve, args=(connection,))
    thread.start()
    thread.join()
    print("served", number, flush=True)
"""


async def test_threads(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", THREADS)
        await server.said("ready")
        for number, host in enumerate(("client-a", "client-b", "client-a")):
            client = await side.start(host, PYTHON, "-c", CLIENT)
            await client.type("hello\n")
            await client.said("got HELLO")
            await client.type("", end=True)
            await client.ended()
            await server.said(f"served {number}")
        await server.ended()

    theirs = await judge(zygote, scenario)
    assert sorted(theirs) == ["", "0", "1", "2"]
    assert "recvfrom" in names(theirs, "2")


PRE_FORK = """
import os, socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        connection, _ = listening.accept()
        while data := connection.recv(100):
            connection.send(data)
        os._exit(7)
    children.append(child)
listening.close()
print("ready", flush=True)
for _ in children:
    os.wait()
"""


async def test_pre_fork(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", PRE_FORK)
        await server.said("ready")
        for host in ("client-a", "client-b", "client-a"):
            await one_client(side, host, "same")
        await server.ended()

    theirs = await judge(zygote, scenario, any_order=True)
    assert [names(theirs, path)[-1] for path in ("0", "1", "2")] == ["exit_group"] * 3


FORK_PER_CLIENT = """
import os, socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
print("ready", flush=True)
for _ in range(2):
    connection, _ = listening.accept()
    if os.fork() == 0:
        listening.close()
        while data := connection.recv(100):
            connection.send(data)
        connection.shutdown(socket.SHUT_RDWR)
        os._exit(0)
    connection.close()
    os.wait()
"""


async def test_a_process_for_each_client(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", FORK_PER_CLIENT)
        await server.said("ready")
        await one_client(side, "client-a", "one")
        await one_client(side, "client-b", "two")
        await server.ended()

    theirs = await judge(zygote, scenario)
    assert names(theirs, "1")[0] == "close"


ASYNCIO = """
import asyncio
async def serve(reader, writer):
    print("serving", flush=True)
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()
    print("served", flush=True)
async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 7777)
    print("ready", flush=True)
    await asyncio.to_thread(input)
    server.close()
asyncio.run(main())
"""


async def test_asyncio(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", ASYNCIO)
        await server.said("ready")
        for number, host in enumerate(("client-a", "client-b", "client-a"), 1):
            client = await side.start(host, PYTHON, "-c", CLIENT)
            await server.said("serving", times=number)
            await client.type("hello\n")
            await client.said("got hello")
            await client.type("", end=True)
            await client.ended()
            await server.said("served", times=number)
        await server.type("\n")
        await server.ended()

    theirs = await judge(zygote, scenario, EMPTY_POLLS, TIMERS)
    assert {"epoll_ctl", "epoll_wait", "socketpair", "accept4"} <= set(names(theirs))


NON_BLOCKING = """
import errno, select, socket, struct
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.setblocking(False)
listening.bind(("0.0.0.0", 7777))
listening.listen(1)
try:
    listening.accept()
except BlockingIOError:
    print("ready", flush=True)
poll = select.poll()
poll.register(listening, select.POLLIN)
poll.poll()
connection, _ = listening.accept()
connection.setblocking(False)
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
connection.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
select.select([connection], [], [])
print(connection.recv_into(bytearray(3)), flush=True)
connection.sendmsg([b"an ", b"answer ", b"x" * 100])
select.select([connection], [connection], [], 5)
connection.recv(100)
try:
    connection.recv(100)
except BlockingIOError:
    print("nothing more", flush=True)
connection.shutdown(socket.SHUT_WR)
epoll = select.epoll()
epoll.register(connection, select.EPOLLIN | select.EPOLLRDHUP)
epoll.poll()
epoll.modify(connection, select.EPOLLOUT)
epoll.poll()
epoll.unregister(connection)
epoll.close()
connection.recv(100)
"""
NON_BLOCKING_CLIENT = """
import errno, select, socket
connection = socket.socket()
connection.setblocking(False)
print(connection.connect_ex(("10.0.0.4", 7777)))
select.select([], [connection], [])
print(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
connection.send(b"question")
select.select([connection], [], [])
connection.recvmsg(1000)
select.select([connection], [], [])
connection.recv(1)
print("its end", flush=True)
input()
connection.close()
"""


async def test_non_blocking(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", NON_BLOCKING)
        await server.said("ready")
        client = await side.start("client-a", PYTHON, "-c", NON_BLOCKING_CLIENT)
        await client.said("its end")
        await client.type("\n")
        await client.ended()
        await server.ended()

    theirs = await judge(zygote, scenario)
    errors = [call.result.get("error") for call in theirs[""]]
    assert errors.count("EAGAIN") == 2


OTHER_SOCKETS = """
import array, os, socket, tempfile
one, two = socket.socketpair()
reading, writing = os.pipe()
socket.send_fds(one, [b"take this"], [reading])
_, (received,), _, _ = socket.recv_fds(two, 100, 4)
os.write(writing, b"through the pipe")
print(os.read(received, 100))
copy = os.dup(one.fileno())
os.dup2(copy, 40)
os.close(40)
os.close(copy)
os.writev(two.fileno(), [b"a", b"", b"b" * 80])
print(len(os.readv(one.fileno(), [bytearray(50), bytearray(50)]).to_bytes(4, "little")))
own_position, anywhere = -1, 7
os.pwritev(two.fileno(), [b"c", b"d" * 80], own_position, os.RWF_DSYNC)
print(os.preadv(one.fileno(), [bytearray(50), bytearray(50)], own_position, os.RWF_NOWAIT))
try:
    os.preadv(one.fileno(), [bytearray(50)], anywhere, os.RWF_NOWAIT)
except OSError as error:
    print(error)
listening = socket.socket(socket.AF_UNIX)
listening.bind("\\0judged")
listening.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("\\0judged")
accepted, _ = listening.accept()
accepted.getpeername()
client.getpeername()
with open("echo_server.py", "rb") as file:
    print(client.sendfile(file, 10, 200))
print(len(accepted.recv(1000, socket.MSG_PEEK)), len(accepted.recv(1000, socket.MSG_WAITALL | socket.MSG_DONTWAIT)))
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
six.bind(("::1", 5353))
six.sendto(b"to myself", ("::1", 5353))
print(six.recvfrom(100))
print(six.recvfrom_into(bytearray(1)) if six.sendto(b"", ("::1", 5353)) else "empty")
six.recvmsg(10, 0, socket.MSG_DONTWAIT)
"""


async def test_unix_sockets_pipes_datagrams_and_descriptors_that_travel(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        program = await side.start("server", PYTHON, "-c", OTHER_SOCKETS)
        await program.ended()

    theirs = await judge(zygote, scenario)
    made = {"sendmsg", "recvmsg", "writev", "readv", "pwritev2", "preadv2", "sendfile", "dup2", "pipe2"}
    assert made <= set(names(theirs))
    assert [call.result.get("error") for call in theirs[""] if call.name == "preadv2"] == [None, "ESPIPE"]


async def test_interrupted_calls(zygote: Zygote) -> None:
    code = """
import signal, socket
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
listening.settimeout(None)
print("ready", flush=True)
listening.accept()[0].recv(1)
"""

    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", code)
        await server.said("ready")
        await server.waits_in("accept4")
        await server.signal("INT")
        await server.said("interrupted")
        await server.waits_in("accept4")
        client = await side.start("client-a", PYTHON, "-c", CLIENT)
        await client.said("connected")
        await client.type("", end=True)
        await client.ended()
        await server.ended()

    theirs = await judge(zygote, scenario)
    assert [c.result.get("error") for c in theirs[""] if c.name == "accept4"] == ["ERESTARTSYS", None]


def test_every_known_difference_has_its_reason() -> None:
    listed = [(difference.what, difference.why) for difference in (*KNOWN, EMPTY_POLLS, TIMERS, POINTERS)]
    for what, why in (*listed, NETLINK, PIECES):
        assert len(what) > 10
        assert len(why) > 20
