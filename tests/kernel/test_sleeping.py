"""Whether a thread sleeps in its call is what the kernel says: no call that comes back is said to wait."""

from __future__ import annotations

from server import events as ev
from tests.laboratory import Laboratory, has

LISTENS = """
import fcntl, socket, struct, sys, time
listening = socket.create_server(("", 7777))
if sys.argv[1] != "blocking":
    fcntl.ioctl(listening, 0x5421, struct.pack("i", 1))  # FIONBIO, which no tracer of ours sees
while True:
    try:
        connection, _ = listening.accept()
        break
    except BlockingIOError:
        time.sleep(0.05)
print("accepted", flush=True)
print(connection.recv(10), flush=True)
"""
CALLS = 'import socket\nto = socket.create_connection(("10.0.0.4", 7777))\ninput()\nto.send(b"now")\ninput()'


def calls_of(lab: Laboratory, pid: int, name: str) -> list[ev.SyscallEntered]:
    """The calls of a process by name, so far."""
    return [event for event in lab.all(ev.SyscallEntered, pid=pid) if event.name.startswith(name)]


def slept(lab: Laboratory, call: int) -> bool:
    """Whether the log says that a call slept."""
    return any(isinstance(event, ev.SyscallBlocked) and has(event, {"call": call}) for event in lab.events)


async def test_who_waits_for_a_connection_and_for_bytes_sleeps(lab: Laboratory) -> None:
    server = await lab.python("server", LISTENS, "blocking")
    accept = await lab.seen(ev.SyscallBlocked, pid=server)
    assert lab.entered(accept.call).name.startswith("accept")
    assert lab.state["processes"][str(server)]["calls"][str(server)]["blocked"] is True
    client = await lab.python("client-a", CALLS)
    await lab.until("it is accepted", lambda: "accepted" in lab.output(server))
    recv = await lab.until("it sleeps for bytes", lambda: lab.all(ev.SyscallBlocked, pid=server)[1:])
    assert lab.entered(recv[0].call).name.startswith("recv")
    await lab.type(client, "\n")
    await lab.until("they came", lambda: "now" in lab.output(server))
    back = next(event for event in lab.all(ev.SyscallReturned, call=recv[0].call))
    assert recv[0].seq < back.seq
    assert len([event for event in lab.all(ev.SyscallBlocked) if event.call == recv[0].call]) == 1


async def test_who_is_answered_at_once_does_not_sleep(lab: Laboratory) -> None:
    server = await lab.python("server", LISTENS, "not")
    tried = await lab.until("it has tried some times", lambda: calls_of(lab, server, "accept")[5:])
    assert not any(slept(lab, call.call) for call in tried)


async def test_a_held_call_does_not_sleep_before_it_goes_on(stepped: Laboratory) -> None:
    lab = stepped
    server = await lab.python("server", LISTENS, "blocking")
    moment = await lab.step_to(server, "accept4")
    assert not slept(lab, moment["call"])
    await lab.command("moment.release", moment=moment["moment"])
    asleep = await lab.seen(ev.SyscallBlocked, call=moment["call"])
    released = next(event for event in lab.all(ev.MomentReleased, call=moment["call"]))
    assert released.seq < asleep.seq
