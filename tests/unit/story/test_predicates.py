"""What the rules ask, where no recording shows it."""

from __future__ import annotations

from typing import Any

from server import events as ev
from server.json_value import JsonObject
from server.story.beats import Story

LISTENING: dict[str, Any] = {
    "host": "server",
    "socket": "5",
    "family": "inet",
    "protocol": "tcp",
    "state": "LISTEN",
    "local": "*:7",
    "remote": "*:*",
    "inode": 1,
    "recv_queue": 0,
    "send_queue": 5,
    "owners": [],
}


def story_of(*events: ev.Event) -> Story:
    story = Story()
    for seq, event in enumerate(events, 1):
        story.add(ev.decode_entry(ev.encode_entry(seq, seq, event)))
    return story


def started(program: str) -> ev.ProcessStarted:
    return ev.ProcessStarted(host="server", pid=2, program=program, argv=[program])


def entered(call: int, name: str, args: JsonObject) -> ev.SyscallEntered:
    return ev.SyscallEntered(call=call, pid=2, tid=2, host="server", name=name, args=args)


def test_a_measuring_tool_starts_and_is_silent() -> None:
    story = story_of(
        ev.HostAdded(host="server", addresses=[]),
        started("ss"),
        ev.ProcessOutput(pid=2, stream="stdout", text="Netid State\n"),
        ev.ProcessExited(pid=2, code=0),
    )
    assert [str(beat) for beat in story.beats] == ["ss starts on server as process 2."]


def test_a_parameter_is_told_if_somebody_asked_for_it() -> None:
    story = story_of(
        ev.HostAdded(host="server", addresses=[]),
        ev.SysctlChanged(host="server", name="net.ipv4.tcp_syn_retries", value="20", default="6", why="held"),
        ev.SysctlChanged(host="server", name="net.ipv4.tcp_syn_retries", value="1", default="6"),
    )
    assert [str(beat) for beat in story.beats] == ["server now has net.ipv4.tcp_syn_retries = 1."]


def test_a_program_waits_when_the_kernel_has_put_it_to_sleep_and_not_before() -> None:
    asks = (
        started("p"),
        ev.SocketAppeared(**LISTENING),
        ev.FdOpened(pid=2, fd=3, kind="socket", socket="5"),
        entered(8, "accept", {"fd": 3}),
    )
    asleep = ev.SyscallBlocked(call=8, pid=2, tid=2)
    assert [beat.id for beat in story_of(*asks).beats] == [1]
    assert [beat.id for beat in story_of(*asks, asleep).beats] == [1, 5]
    again = (
        ev.SyscallReturned(call=8, pid=2, tid=2, error="EINTR"),
        entered(9, "accept", {"fd": 3}),
        ev.SyscallBlocked(call=9, pid=2, tid=2),
    )
    assert [beat.id for beat in story_of(*asks, asleep, *again).beats] == [1, 5], "a wait is told once"
