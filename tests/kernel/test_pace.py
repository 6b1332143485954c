"""Time belongs to the person: live, slow and step, switched at any moment, and moments released in any order."""

from __future__ import annotations

import pytest

from server import events as ev
from server.errors import ConflictError, NotFoundError
from tests.laboratory import Laboratory

THREADS = """
import socket, threading
def work(number):
    one = socket.socket()
    one.close()
    print(number, flush=True)
threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def moments(lab: Laboratory, kind: str = "syscall") -> list[int]:
    """The moments that wait."""
    lab.catch_up()
    return [int(number) for number, moment in lab.state["moments"].items() if moment["kind"] == kind]


# -- step


async def test_the_waiting_one_is_chosen_by_the_person(stepped: Laboratory) -> None:
    lab = stepped
    program = await lab.python("server", THREADS)
    await lab.until("three wait", lambda: len(moments(lab)) == 3)
    first, second, third = moments(lab)
    calls = {number: lab.state["moments"][str(number)]["call"] for number in (first, second, third)}
    for chosen in (third, first, second):
        await lab.command("moment.release", moment=chosen)
        released = await lab.seen(ev.MomentReleased, moment=chosen)
        assert (released.call, released.why) == (calls[chosen], "by hand")
        returned = await lab.seen(ev.SyscallReturned, call=calls[chosen])
        assert returned.result is not None
    order = [e.call for e in lab.all(ev.SyscallReturned) if e.call in calls.values()]
    assert order == [calls[third], calls[first], calls[second]]
    await lab.command("pace.set", pace="live")
    await lab.exited(program)


async def test_without_a_name_the_longest_waiting_goes(stepped: Laboratory) -> None:
    lab = stepped
    await lab.python("server", THREADS)
    await lab.until("three wait", lambda: len(moments(lab)) == 3)
    oldest = min(moments(lab))
    assert await lab.command("moment.release") == {"moment": oldest}
    with pytest.raises(NotFoundError, match=f"No moment {oldest} waits"):
        await lab.command("moment.release", moment=oldest)
    with pytest.raises(NotFoundError):
        await lab.command("moment.release", moment=4711)


async def test_nothing_to_release(lab: Laboratory) -> None:
    with pytest.raises(ConflictError, match="Nothing waits"):
        await lab.command("moment.release")


async def test_a_thread_that_waits_does_nothing_else(stepped: Laboratory) -> None:
    lab = stepped
    program = await lab.python("server", "import socket\nprint('before', flush=True)\nsocket.socket()\nprint('after')")
    moment = await lab.step_to(program, "socket")
    await lab.until("it has said so", lambda: lab.output(program) == "before\n")
    assert lab.state["processes"][str(program)]["calls"][str(program)]["name"] == "socket"
    assert lab.sockets("server") == []
    await lab.command("moment.release", moment=moment["moment"])
    await lab.until("the socket is there", lambda: lab.sockets("server"))


async def test_what_says_nothing_about_sockets_does_not_wait(stepped: Laboratory) -> None:
    code = "import os\nopen('/etc/passwd').read()\nr, w = os.pipe()\nos.write(w, b'x')\nos.read(r, 1)\nprint('done')"
    program = await stepped.python("server", code)
    await stepped.exited(program)
    assert stepped.output(program) == "done\n"
    assert stepped.all(ev.MomentPending) == []


async def test_two_packets_overtake_each_other(stepped: Laboratory) -> None:
    lab = stepped
    await lab.command("pace.set", pace="live")
    receiver = await lab.python(
        "server",
        """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("0.0.0.0", 5353))
print(one.recv(9).decode(), one.recv(9).decode())
""",
    )
    await lab.until("bound", lambda: lab.sockets("server", protocol="udp"))
    await lab.command("packet.hold", match={"protocol": "udp"})
    send = "import socket, sys\nsocket.socket(2, 2).sendto(sys.argv[1].encode(), ('10.0.0.4', 5353))"
    for host, text in (("client-a", "first"), ("client-b", "second")):
        await lab.exited(await lab.python(host, send, text))
    first, second = await lab.until("both wait", lambda: len(moments(lab, "packet")) == 2 and moments(lab, "packet"))
    await lab.command("moment.release", moment=second)
    await lab.command("moment.release", moment=first)
    await lab.exited(receiver)
    assert lab.output(receiver) == "second first\n"


# -- slow


async def test_slow_waits_so_long_and_goes_on_by_itself(lab: Laboratory) -> None:
    assert await lab.command("pace.set", pace="slow", pause_ms=30) == {"pace": "slow", "pause_ms": 30, "released": 0}
    program = await lab.python("server", "import socket\none = socket.socket()\none.bind(('', 7777))\none.close()")
    await lab.exited(program)
    pending = {e.moment: e for e in lab.all(ev.MomentPending)}
    released = lab.all(ev.MomentReleased)
    names = [lab.entered(pending[e.moment].call).name for e in released]
    assert names[-3:] == ["socket", "bind", "close"]
    for event in released:
        due = pending[event.moment].due_t
        assert due is not None
        assert due >= pending[event.moment].t + 29e6
        assert event.t >= due
        assert event.why == "its pause is over"


async def test_slow_packets_wait_too(lab: Laboratory) -> None:
    await lab.python("server", "import socket\nsocket.create_server(('', 7777)).accept()")
    await lab.listening("server", 7777)
    await lab.command("pace.set", pace="slow", pause_ms=20)
    await lab.exited(await lab.python("client-a", "import socket\nsocket.create_connection(('10.0.0.4', 7777))"))
    sent = {e.packet: e.t for e in lab.all(ev.PacketSent)}
    waited = [e.t - sent[e.packet] for e in lab.all(ev.PacketDelivered)]
    assert len(waited) >= 3
    assert min(waited) >= 20e6


async def test_a_slow_moment_can_go_early_or_be_held(lab: Laboratory) -> None:
    await lab.command("pace.set", pace="slow", pause_ms=60_000)
    program = await lab.python("server", "import socket\nsocket.socket().close()")
    for name in ("socket", "close"):
        (moment,) = await lab.until(f"{name} waits", lambda: moments(lab))
        assert lab.name_of(lab.state["moments"][str(moment)]) == name
        await lab.command("moment.release", moment=moment)
        await lab.until("it went", lambda m=moment: m not in moments(lab))
    await lab.exited(program)


async def test_a_slow_packet_can_be_held(lab: Laboratory) -> None:
    await lab.python("server", "import socket\nsocket.create_server(('', 7777)).accept()")
    await lab.listening("server", 7777)
    client = await lab.python(
        "client-a", "import socket\ninput()\nsocket.create_connection(('10.0.0.4', 7777))\nprint('done')"
    )
    await lab.command("pace.set", pace="slow", pause_ms=1_000)
    await lab.type(client, "\n")
    (number,) = await lab.until("a packet waits", lambda: moments(lab, "packet"))
    packet = lab.state["moments"][str(number)]["packet"]
    await lab.command("packet.hold", packet=packet)
    assert lab.state["packets"][str(packet)]["status"] in ("in-flight", "held")
    await lab.command("pace.set", pace="live")
    held = await lab.seen(ev.PacketHeld, packet=packet)
    assert held.why == "by hand"
    assert moments(lab, "packet") == [number], "what was held by hand stays, also in live pace"
    await lab.command("moment.release", moment=number)
    await lab.exited(client)


# -- switching


async def test_live_lets_all_go_that_waited_for_the_pace(stepped: Laboratory) -> None:
    lab = stepped
    program = await lab.python("server", THREADS)
    await lab.until("three wait", lambda: len(moments(lab)) == 3)
    assert await lab.command("pace.set", pace="live") == {"pace": "live", "pause_ms": 800, "released": 3}
    await lab.exited(program)
    assert sorted(lab.output(program).split()) == ["0", "1", "2"]
    assert [e.why for e in lab.all(ev.MomentReleased)] == ["the pace is live"] * 3
    assert lab.state["moments"] == {}


async def test_from_step_to_slow_the_waiting_get_a_time(stepped: Laboratory) -> None:
    lab = stepped
    program = await lab.python("server", THREADS)
    await lab.until("three wait", lambda: len(moments(lab)) == 3)
    await lab.command("pace.set", pace="slow", pause_ms=20)
    await lab.exited(program)
    assert lab.state["moments"] == {}


async def test_from_slow_to_step_the_waiting_stay(lab: Laboratory) -> None:
    await lab.command("pace.set", pace="slow", pause_ms=150)
    await lab.python("server", "import socket\nsocket.socket()")
    (moment,) = await lab.until("it waits", lambda: moments(lab))
    due = lab.state["moments"][str(moment)]["due_t"]
    await lab.command("pace.set", pace="step")
    while lab.state["t"] < due + 50_000_000:  # the log tells the time only with an event
        await lab.command("wire.set")
        lab.catch_up()
    assert moments(lab) == [moment]
    await lab.command("moment.release", moment=moment)
    await lab.seen(ev.MomentReleased, moment=moment)


async def test_the_pace_is_told(lab: Laboratory) -> None:
    assert lab.state["pace"] == "live"
    for pace, pause in (("step", None), ("slow", 50), ("live", None)):
        await lab.command("pace.set", pace=pace, **({} if pause is None else {"pause_ms": pause}))
        lab.catch_up()
        assert lab.state["pace"] == pace
    assert [e.pace for e in lab.all(ev.PaceChanged)] == ["live", "step", "slow", "live"]
    assert lab.state["pause_ms"] == 50


# -- ends and stops


async def test_a_process_that_is_killed_while_it_waits(stepped: Laboratory) -> None:
    lab = stepped
    program = await lab.python("server", THREADS)
    await lab.until("three wait", lambda: len(moments(lab)) == 3)
    await lab.command("process.signal", pid=program, signal="KILL")
    exited = await lab.exited(program)
    assert exited.signal == "SIGKILL"
    released = lab.all(ev.MomentReleased)
    assert [e.why for e in released] == ["the thread ended"] * 3
    assert all(e.seq < exited.seq for e in released)
    assert lab.state["moments"] == {}
    calls = {e.call for e in lab.all(ev.SyscallEntered, name="socket")}
    assert not [e for e in lab.all(ev.SyscallReturned) if e.call in calls]


async def test_a_term_signal_reaches_a_waiting_process_when_it_goes_on(stepped: Laboratory) -> None:
    lab = stepped
    program = await lab.python("server", "import socket\nsocket.socket()\nprint('never')\ninput()")
    moment = await lab.step_to(program, "socket")
    await lab.command("process.signal", pid=program, signal="TERM")
    await lab.command("moment.release", moment=moment["moment"])
    exited = await lab.exited(program)
    assert exited.signal == "SIGTERM"
    assert lab.output(program) == ""


async def test_stop_and_cont(lab: Laboratory) -> None:
    server = await lab.python(
        "server",
        """
import socket
listening = socket.create_server(("", 7777))
while True:
    connection, _ = listening.accept()
    connection.send(b"hello")
    connection.close()
""",
    )
    await lab.listening("server", 7777)
    await lab.seen(ev.SyscallEntered, pid=server, name="accept4")
    await lab.command("process.signal", pid=server, signal="STOP")
    client = await lab.python("client-a", "import socket\nprint(socket.create_connection(('10.0.0.4', 7777)).recv(9))")
    (waiting,) = await lab.until("the kernel answers", lambda: lab.sockets("server", state="ESTABLISHED"))
    await lab.seen(ev.SyscallEntered, pid=client, name="recvfrom")
    assert (waiting["inode"], waiting["owners"]) == (0, []), "the program is stopped, the kernel is not"
    assert lab.all(ev.SyscallReturned, pid=server, new_fd=4) == []
    await lab.command("process.signal", pid=server, signal="CONT")
    await lab.exited(client)
    assert lab.output(client) == "b'hello'\n"


async def test_stop_while_it_waits_for_a_person(stepped: Laboratory) -> None:
    lab = stepped
    code = "import socket\none = socket.socket()\nprint('after', flush=True)\ntwo = socket.socket()"
    program = await lab.python("server", code)
    moment = await lab.step_to(program, "socket")
    await lab.command("process.signal", pid=program, signal="STOP")
    await lab.command("moment.release", moment=moment["moment"])
    await lab.seen(ev.SyscallReturned, call=moment["call"])
    assert lab.output(program) == ""
    await lab.command("process.signal", pid=program, signal="CONT")
    await lab.until("it goes on", lambda: lab.output(program) == "after\n")
    second = await lab.step_to(program, "socket")
    assert second["moment"] != moment["moment"]
