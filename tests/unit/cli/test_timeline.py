"""The timeline: which lines events become, and in which order."""

from __future__ import annotations

import base64

from server import events as ev
from server.cli.timeline import Timeline

START = ev.ProcessStarted(t=0, host="server", pid=2, program="echo", argv=["echo", "7"])


def row(kind: type[ev.SocketRow], state: str, *, cookie: str = "5", **more: object) -> ev.SocketRow:
    fields = {
        "host": "server",
        "socket": cookie,
        "family": "inet",
        "protocol": "tcp",
        "state": state,
        "local": "*:7",
        "remote": "*:*",
        "inode": 9,
        "recv_queue": 0,
        "send_queue": 0,
        "owners": [],
    }
    return kind(**(fields | more))  # type: ignore[arg-type]


def call(name: str = "connect", **args: object) -> ev.SyscallEntered:
    return ev.SyscallEntered(t=1_000_000, call=1, pid=2, tid=2, host="server", name=name, args=args)


def back(**fields: object) -> ev.SyscallReturned:
    return ev.SyscallReturned(t=2_000_000, call=1, pid=2, tid=2, **fields)  # type: ignore[arg-type]


def packet(number: int = 1, **more: object) -> ev.PacketSent:
    fields = {
        "packet": number,
        "source_host": "client-a",
        "target_host": "server",
        "protocol": "tcp",
        "source": "10.0.0.5:40000",
        "destination": "10.0.0.4:7",
        "flags": ["SYN"],
        "sequence": 1,
        "acknowledgment": None,
        "window": 9,
        "length": 0,
        "raw": "",
    }
    return ev.PacketSent(**(fields | more))  # type: ignore[arg-type]


def told(*events: ev.Event, colour: bool = False) -> list[str]:
    """What the lines say behind their time, with single spaces."""
    timeline = Timeline(colour=colour)
    lines = [line for event in events for line in timeline.lines(event)] + timeline.rest()
    return [" ".join(line.split()[1:]) for line in lines]


def test_a_call_that_returns_at_once_is_one_line() -> None:
    assert told(START, call("listen", fd=3, backlog=5), back(result=0))[1:] == [
        "server echo[2] listen(3, backlog=5) = 0"
    ]


def test_a_call_with_something_in_between_is_two() -> None:
    assert told(START, call(fd=3, address="10.0.0.4:7"), packet(), back(error="ECONNREFUSED"))[1:] == [
        "server echo[2] connect(3, 10.0.0.4:7) …",
        "client-a wire #1 SYN 10.0.0.5:40000 → 10.0.0.4:7 ── to server",
        "server echo[2] … connect(3) = -1 ECONNREFUSED",
    ]


def test_a_call_that_never_returned_is_still_told() -> None:
    assert told(START, call("accept4", fd=3, flags=[]))[1:] == ["server echo[2] accept4(3) …"]


def test_where_in_the_source_a_call_stands() -> None:
    entered = ev.SyscallEntered(
        t=1, call=1, pid=2, tid=2, host="server", name="close", args={"fd": 3}, file="/a/b.py", line=4
    )
    assert told(START, entered, back(result=0))[1:] == ["server echo[2] close(3) = 0 b.py:4"]


def test_what_a_call_brought_back() -> None:
    data = base64.b64encode(b"hello\n").decode()
    assert told(START, call("recvfrom", fd=4, buffer={"length": 1024}), back(result=6, bytes=6, data=data))[1:] == [
        "server echo[2] recvfrom(4, buffer=1024 bytes) = 6 ('hello\\n')"
    ]
    assert told(START, call("accept", fd=3), back(result=4, new_fd=4, address="10.0.0.5:40000"))[1:] == [
        "server echo[2] accept(3) = 4 (10.0.0.5:40000)"
    ]
    assert told(START, call("getsockopt", fd=3, option="SO_ERROR"), back(result=0, values={"value": 111}))[1:] == [
        "server echo[2] getsockopt(3, option=SO_ERROR) = 0 (value=111)"
    ]


def test_long_texts_are_cut() -> None:
    long = base64.b64encode(b"x" * 64).decode()
    line = told(START, call("write", fd=1, buffer={"length": 500, "data": long}), back(result=500))[1]
    assert line == f"server echo[2] write(1, buffer='{'x' * 32}'…) = 500"


def test_a_packet_that_arrives_at_once_is_one_line() -> None:
    assert told(packet(), ev.PacketDelivered(packet=1)) == [
        "client-a wire #1 SYN 10.0.0.5:40000 → 10.0.0.4:7 ──▶ server"
    ]


def test_a_held_packet_is_told_at_each_step() -> None:
    events = [
        packet(),
        ev.PacketHeld(packet=1, why="a match"),
        ev.PacketDelivered(packet=1),
        ev.PacketDelivered(packet=1),
    ]
    assert told(*events) == [
        "client-a wire #1 SYN 10.0.0.5:40000 → 10.0.0.4:7 ── to server",
        "client-a wire #1 SYN is held: a match",
        "client-a wire #1 SYN 10.0.0.5:40000 → 10.0.0.4:7 ─▶ server",
    ]
    assert told(packet(), ev.PacketDropped(packet=1, why="loss"))[1] == "client-a wire #1 SYN is dropped: loss"


def test_a_packet_on_the_loopback_is_told_once() -> None:
    sent = packet(loopback=True, source_host="server", length=5, repeats=7, flags=["PSH", "ACK"])
    assert told(sent, ev.PacketDelivered(packet=1)) == [
        "server wire #1 PSH,ACK 10.0.0.5:40000 → 10.0.0.4:7 5 bytes repeats #7 (loopback)"
    ]


def test_sockets_say_how_they_change() -> None:
    owner = [ev.Owner(pid=2, fd=3)]
    assert told(
        row(ev.SocketAppeared, "CLOSED", owners=owner),
        row(ev.SocketChanged, "LISTEN", owners=owner, recv_queue=1, send_queue=5),
        row(ev.SocketAppeared, "ESTABLISHED", cookie="6", inode=0, recv_queue=4),
        row(ev.SocketVanished, "LISTEN"),
    ) == [
        "server kernel socket 5 CLOSED tcp *:7 ⇄ *:* 2·3",
        "server kernel socket 5 CLOSED → LISTEN tcp *:7 ⇄ *:* waiting 1 of 5 2·3",
        "server kernel socket 6 ESTABLISHED tcp *:7 ⇄ *:* recv 4 send 0 no fd",
        "server kernel socket 5 LISTEN → gone tcp *:7 ⇄ *:*",
    ]


def test_the_other_events() -> None:
    assert told(
        ev.HostAdded(host="server", addresses=["10.0.0.4/24"]),
        START,
        ev.ProcessStarted(host="server", pid=3, program="echo", argv=["echo", "7"], parent=2),
        ev.ProcessExecuted(pid=3, program="cat", argv=["cat"]),
        ev.ProcessOutput(pid=3, stream="stdout", text="hi\n"),
        ev.FdOpened(pid=3, fd=3, kind="socket", socket="5"),
        ev.FdOpened(pid=3, fd=4, kind="file", path="/etc/hosts"),
        ev.FdClosed(pid=3, fd=3, kind="socket", socket="5"),
        ev.ProcessExited(pid=3, code=1),
        ev.ProcessExited(pid=2, signal="SIGKILL"),
        ev.PaceChanged(pace="slow", pause_ms=5),
        ev.WireChanged(delay_ms=1, jitter_ms=2, loss=0.5, neighbours=False),
        ev.SysctlChanged(host="server", name="net.core.somaxconn", value="5"),
        ev.SysctlChanged(
            host="server", name="net.ipv4.tcp_retries2", value="30", default="15", why="something is held"
        ),
        ev.CommandAccepted(command="pace.set", fields={}),
        ev.CommandRefused(command="pace.set", fields={}, title="No", detail="not now"),
        ev.ObservationLost(observer="wire", host="server", why="too fast", count=3),
        ev.SandboxClosed(why="over"),
    ) == [
        "server host 10.0.0.4/24",
        "server echo[2] starts echo 7",
        "server echo[3] is forked by 2: echo 7",
        "server cat[3] becomes cat",
        "server cat[3] stdout: 'hi\\n'",
        "server cat[3] fd 3 is socket 5",
        "server cat[3] fd 3 is free",
        "server cat[3] ends with code 1",
        "server echo[2] ends with SIGKILL",
        "pace slow",
        "wire delay 1 ms, jitter 2 ms, loss 0.5",
        "server kernel net.core.somaxconn = 5",
        "server kernel net.ipv4.tcp_retries2 = 30 (something is held)",
        "pace.set refused: not now",
        "server wire could not see 3: too fast",
        "the sandbox ends: over",
    ]


def test_moments_say_what_waits() -> None:
    waits = ev.MomentPending(moment=1, kind="syscall", call=1)
    assert told(START, call("accept", fd=3), waits)[1:] == ["server echo[2] accept(3) …", "moment 1 waits: accept(3)"]
    assert told(ev.MomentPending(moment=2, kind="packet", packet=9)) == ["moment 2 waits: packet #9"]


def test_colours_are_there_only_when_asked_for() -> None:
    events = (START, call("listen", fd=3), back(error="EADDRINUSE"), packet(), row(ev.SocketAppeared, "LISTEN"))
    assert any("\x1b[31m" in line for line in told(*events, colour=True))
    assert not any("\x1b" in line for line in told(*events))
