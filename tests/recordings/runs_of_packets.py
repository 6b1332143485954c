"""Runs of packets and of time: lost, held, duplicated, slow, and datagrams."""

from __future__ import annotations

from server import events as ev
from tests.laboratory import Laboratory
from tests.recordings.playing import echo_client, echo_server, established, leaves, run, says


@run("A lost SYN comes again", "packet.dropped", ship=True)
async def lost_syn(lab: Laboratory) -> None:
    await echo_server(lab)
    await lab.command("packet.drop", match={"flags": "SYN"}, count=1)
    pid = await echo_client(lab, "client-a")
    await established(lab, "server", 1)
    assert lab.all(ev.PacketDropped)
    await leaves(lab, pid)


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
