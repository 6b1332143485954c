"""Runs of programs: how processes and threads serve, share sockets, and end."""

from __future__ import annotations

from tests.laboratory import Laboratory
from tests.recordings.playing import echo_client, echo_server, leaves, run, says, waiting


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


@run("A web server and curl", "process.executed")
async def web(lab: Laboratory) -> None:
    shell = "cd /labs/programs && exec python3 -m http.server 80"
    await lab.start("server", "sh", "-c", shell, admin=True)
    await lab.listening("server", 80)
    await lab.exited(await lab.start("client-a", "curl", "-s", "-o", "/dev/null", "http://10.0.0.4/echo_server.py"))
