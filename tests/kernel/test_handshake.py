"""The heart of what the lab teaches: the kernel makes the connected socket, accept() gives it a descriptor."""

from __future__ import annotations

import base64

import pytest

from server import events as ev
from tests.laboratory import Laboratory

SERVER = """
import socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen(5)
connection, address = listening.accept()
print(connection.recv(100))
"""
CLIENT = """
import socket
connection = socket.socket()
connection.connect(("10.0.0.4", 7777))
connection.sendall(b"early")
input()
"""


async def listening_server(lab: Laboratory) -> int:
    """A server that listens and is about to enter accept(), in step pace."""
    server = await lab.python("server", SERVER)
    for name in ("bind", "listen", "accept4"):
        await lab.step_to(server, name)
    await lab.listening("server", 7777)
    return server


async def test_every_step_of_a_held_handshake(stepped: Laboratory) -> None:
    lab = stepped
    server = await listening_server(lab)
    await lab.python("client-a", CLIENT)
    await lab.release("syscall", "socket")
    await lab.release("syscall", "connect")

    syn = await lab.seen(ev.PacketHeld)
    assert lab.sockets("server", state="SYN-RECEIVED") == []
    await lab.until("SYN-SENT", lambda: lab.sockets("client-a", state="SYN-SENT"))

    await lab.command("packet.deliver", packet=syn.packet)
    (half,) = await lab.until("SYN-RECEIVED", lambda: lab.sockets("server", state="SYN-RECEIVED"))
    assert (half["inode"], half["owners"], half["local"]) == (0, [], "10.0.0.4:7777")

    await lab.release("packet", "SYN,ACK")
    await lab.until("the client is connected", lambda: lab.sockets("client-a", state="ESTABLISHED"))
    assert lab.sockets("server", state="SYN-RECEIVED"), "the server has not seen the last ACK yet"

    await lab.release("packet", "ACK")
    (whole,) = await lab.until("ESTABLISHED", lambda: lab.sockets("server", state="ESTABLISHED"))
    assert whole["socket"] == half["socket"], "one object, before and after the handshake"
    assert (whole["inode"], whole["owners"]) == (0, [])
    (listener,) = lab.sockets("server", state="LISTEN")
    assert (listener["recv_queue"], listener["send_queue"]) == (1, 5)

    await lab.release("syscall", "sendto")
    await lab.release("packet", "PSH,ACK")
    await lab.until("data waits before accept()", lambda: lab.sockets("server", state="ESTABLISHED", recv_queue=5))

    await lab.release("syscall", "accept4")
    opened = await lab.seen(ev.FdOpened, pid=server, socket=whole["socket"])
    (accepted,) = await lab.until(
        "an owner", lambda: [r for r in lab.sockets("server", state="ESTABLISHED") if r["owners"]]
    )
    assert accepted["socket"] == whole["socket"]
    assert accepted["owners"] == [{"pid": server, "fd": opened.fd}]
    assert accepted["inode"] > 0
    assert lab.sockets("server", state="LISTEN")[0]["recv_queue"] == 0

    received = await lab.step_to(server, "recvfrom")
    await lab.command("moment.release", moment=received["moment"])
    returned = await lab.seen(ev.SyscallReturned, call=received["call"])
    assert base64.b64decode(returned.data) == b"early"


@pytest.mark.timeout(180)
async def test_a_handshake_completes_after_a_hold_of_a_minute(stepped: Laboratory) -> None:
    lab = stepped
    await listening_server(lab)
    raised = await lab.seen(ev.SysctlChanged, host="server", name="net.ipv4.tcp_synack_retries")
    await lab.python("client-a", CLIENT)
    await lab.release("syscall", "socket")
    await lab.release("syscall", "connect")
    await lab.release("packet", "SYN")
    syn_ack = await lab.until("it is held", lambda: next((e for e in lab.all(ev.PacketHeld)[1:]), None))

    def copies() -> list[ev.PacketSent]:
        return [e for e in lab.all(ev.PacketSent, repeats=syn_ack.packet) if e.source_host == "server"]

    await lab.until(
        "the kernel has repeated the SYN-ACK for a minute, and more often than by default",
        lambda: len(copies()) > int(raised.default) and copies()[-1].t - syn_ack.t > 60e9,
        patience=150,
    )
    assert lab.state["packets"][str(syn_ack.packet)]["copies"] == len(copies())
    assert len([p for p in lab.state["packets"].values() if p["flags"] == ["SYN", "ACK"]]) == 1, "none is stacked"
    assert lab.sockets("server", state="SYN-RECEIVED"), "its kernel has not given up"

    await lab.command("packet.deliver", packet=syn_ack.packet)
    await lab.release("packet", "ACK")
    await lab.until("established", lambda: lab.sockets("server", state="ESTABLISHED"))
