"""What the rules ask, where no recording shows it."""

from __future__ import annotations

from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("before", "waiting", "waits"),
    [
        ([], 0, True),
        ([], 1, False),
        ([entered(7, "epoll_wait", {"epfd": 9, "timeout_ms": 0})], 0, False),
        ([entered(7, "accept", {"fd": 3}), ev.SyscallReturned(call=7, pid=2, tid=2, error="EAGAIN")], 0, False),
    ],
    ids=["nothing there", "one waits", "it looks at several", "it is non-blocking"],
)
def test_accept_waits_only_if_the_log_leaves_nothing_else(before: list[ev.Event], waiting: int, waits: bool) -> None:
    story = story_of(
        started("p"),
        ev.SocketAppeared(**{**LISTENING, "recv_queue": waiting}),
        ev.FdOpened(pid=2, fd=3, kind="socket", socket="5"),
        *before,
        entered(8, "accept", {"fd": 3}),
    )
    last = story.beats[-1]
    assert (last.said[0].message == "accept.waits" and last.id == len(before) + 4) == waits


@pytest.mark.parametrize(("why", "waits"), [("by hand", True), ("the thread ended", False)])
def test_a_held_call_waits_when_it_goes_on_and_not_before(why: str, waits: bool) -> None:
    held = (
        ev.PaceChanged(pace="step", pause_ms=0),
        started("p"),
        ev.SocketAppeared(**LISTENING),
        ev.FdOpened(pid=2, fd=3, kind="socket", socket="5"),
        entered(8, "accept", {"fd": 3}),
        ev.MomentPending(moment=1, kind="syscall", call=8),
    )
    assert [beat.id for beat in story_of(*held).beats] == [2]
    story = story_of(*held, ev.MomentReleased(moment=1, kind="syscall", call=8, why=why))
    assert [beat.id for beat in story.beats] == ([2, 7] if waits else [2])
