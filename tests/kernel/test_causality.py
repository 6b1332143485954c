"""Causal order as a property: whatever runs, at whatever pace, over whatever wire, the log keeps the rules.

Each run is drawn from a seed: topology, server, number of clients, what they say, delays, jitter, loss, duplicates,
pace and its changes, kills. ``SOCKETLAB_CAUSALITY_RUNS`` sets how many runs each kind makes; a failure names its seed.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence

import pytest

from server.errors import SocketlabError
from server.sessions.zygote import Zygote
from tests.kernel.rules import broken
from tests.laboratory import Laboratory, laboratory

RUNS = int(os.environ.get("SOCKETLAB_CAUSALITY_RUNS", "10"))

SERVERS = {
    "threads": """
import socket, sys, threading
listening = socket.create_server(("", 7777), backlog=3)
def serve(connection):
    try:
        while data := connection.recv(64):
            connection.sendall(data)
    except OSError:
        pass
    connection.close()
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
""",
    "fork": """
import os, signal, socket
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listening = socket.create_server(("", 7777))
while True:
    connection, _ = listening.accept()
    if os.fork() == 0:
        listening.close()
        try:
            while data := connection.recv(64):
                connection.sendall(data)
        except OSError:
            pass
        os._exit(0)
    connection.close()
""",
    "select": """
import selectors, socket
listening = socket.create_server(("", 7777))
listening.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(listening, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listening:
            connection, _ = listening.accept()
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
            continue
        try:
            data = key.fileobj.recv(64)
            if data:
                key.fileobj.send(data)
        except OSError:
            data = b""
        if not data:
            selector.unregister(key.fileobj)
            key.fileobj.close()
""",
}
CLIENT = """
import socket, struct, sys, threading
address, threads, words, size, how = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
def talk():
    try:
        with socket.create_connection((address, 7777)) as connection:
            for _ in range(words):
                connection.sendall(b"x" * size)
                left = size
                while left:
                    piece = connection.recv(left)
                    if not piece:
                        return
                    left -= len(piece)
            if how == "half":
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
            elif how == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError as error:
        print(error)
all = [threading.Thread(target=talk) for _ in range(threads)]
for one in all:
    one.start()
for one in all:
    one.join()
"""
DATAGRAMS = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind((sys.argv[1], 5353))
one.settimeout(0.2)
for _ in range(5):
    one.sendto(b"hello", (sys.argv[2], 5353))
try:
    while True:
        one.recvfrom(100)
except OSError:
    pass
"""


class Run:
    """One run of one seed."""

    def __init__(self, lab: Laboratory, chance: random.Random) -> None:
        self.lab = lab
        self.chance = chance

    async def begin(self, addresses: Sequence[str]) -> list[int]:
        """Start a server and clients; returns the pids of the clients."""
        chance, lab = self.chance, self.lab
        server = await lab.python("server", SERVERS[chance.choice(sorted(SERVERS))])
        await self.until_listening(server)
        clients = []
        for _ in range(chance.randint(1, 4)):
            arguments = [chance.choice(addresses), str(chance.randint(1, 3)), str(chance.randint(0, 3))]
            arguments += [str(chance.choice((1, 10, 64, 200))), chance.choice(("close", "half", "reset"))]
            host = "server" if arguments[0].startswith("127.") else chance.choice(("client-a", "client-b", "server"))
            clients.append(await lab.python(host, CLIENT, *arguments))
        if chance.random() < 0.3:
            for host, mine, other in (("client-a", "10.0.0.5", "10.0.0.6"), ("client-b", "10.0.0.6", "10.0.0.5")):
                clients.append(await lab.python(host, DATAGRAMS, mine, other))
        return clients

    async def until_listening(self, server: int) -> None:
        """Wait for the server; in step pace let its calls go on until then."""
        lab = self.lab
        while not lab.sockets("server", state="LISTEN"):
            if not lab.state["moments"]:
                end = len(lab.events)
                await lab.until("something happens", lambda end=end: len(lab.events) > end)
            await self.release()

    async def release(self) -> None:
        """Let any of the waiting moments go on; it may have gone on by itself meanwhile."""
        self.lab.catch_up()
        waiting = sorted(map(int, self.lab.state["moments"]))
        if waiting:
            await self.attempt("moment.release", moment=self.chance.choice(waiting))

    async def attempt(self, command: str, **fields: object) -> None:
        """Do something that may be too late already."""
        try:
            await self.lab.command(command, **fields)
        except SocketlabError as error:
            if error.status not in (404, 409):
                raise

    async def until_ended(self, pids: list[int], *, meddle: bool) -> None:
        """Go on, releasing moments and (``meddle``) disturbing packets and processes, until all have ended."""
        lab, chance = self.lab, self.chance

        def ended() -> bool:
            return all(lab.state["processes"][str(pid)]["status"] == "exited" for pid in pids)

        lab.catch_up()
        while not ended():
            if lab.state["moments"]:
                await self.release()
            if meddle and lab.state["packets"] and chance.random() < 0.2:
                packet = chance.choice(sorted(map(int, lab.state["packets"])))
                command = chance.choice(("packet.duplicate", "packet.hold", "packet.deliver", "packet.drop"))
                await self.attempt(command, packet=packet)
            if meddle and chance.random() < 0.01:
                await self.attempt("process.signal", pid=chance.choice(pids), signal=chance.choice(("KILL", "TERM")))
            lab.catch_up()
            if not lab.state["moments"] and not ended():
                await asyncio.wait_for(lab.sandbox.log.wait(len(lab.events)), 20)
            lab.catch_up()


async def play(zygote: Zygote, seed: int, pace: str, *, disturbed: bool) -> None:
    """One run; its log must keep every rule."""
    chance = random.Random(seed)
    async with laboratory(zygote, pace=pace) as lab:
        run = Run(lab, chance)
        if pace == "slow":
            await lab.command("pace.set", pace="slow", pause_ms=chance.randint(1, 3))
        if disturbed:
            wire = {"delay_ms": chance.randint(0, 4), "jitter_ms": chance.randint(0, 4)}
            await lab.command("wire.set", loss=chance.choice((0, 0.05, 0.1)), **wire)
        try:
            clients = await run.begin(["10.0.0.4", "10.0.0.4", "127.0.0.1"])
            await run.until_ended(clients, meddle=disturbed)
            for pid, process in list(lab.state["processes"].items()):
                if process["status"] != "exited":
                    await run.attempt("process.signal", pid=int(pid), signal="KILL")
            await run.until_ended([int(pid) for pid in lab.state["processes"]], meddle=False)
        finally:
            lab.catch_up()
            problems = broken(lab.events)
            assert problems == [], f"seed {seed}, {pace}: {len(problems)} broken, of {len(lab.events)} events"
        await lab.until("the tables have been read", lambda: broken(lab.events, rest=True) == [])


@pytest.mark.parametrize("pace", ["live", "slow", "step"])
@pytest.mark.long
@pytest.mark.timeout(60 * RUNS)
async def test_the_rules_hold(zygote: Zygote, pace: str) -> None:
    for seed in range(RUNS):
        await play(zygote, seed, pace, disturbed=False)


@pytest.mark.parametrize("pace", ["live", "slow", "step"])
@pytest.mark.long
@pytest.mark.timeout(60 * RUNS)
async def test_the_rules_hold_when_packets_and_processes_are_disturbed(zygote: Zygote, pace: str) -> None:
    for seed in range(1000, 1000 + RUNS):
        await play(zygote, seed, pace, disturbed=True)
