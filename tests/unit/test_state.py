"""What is there after an event: each kind of event, and what must hold after any of them."""

from __future__ import annotations

import copy
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, NotRequired

import msgspec
import pytest

from server import events as ev
from server import shapes
from server.shapes import State
from server.state import fold, has_exited, initial

HOST = ev.HostAdded(host="server", addresses=["10.0.0.4/24"])
STARTED = ev.ProcessStarted(host="server", pid=7, program="echo_server", argv=["python3", "echo_server.py"])
ENTERED = ev.SyscallEntered(call=1, pid=7, tid=8, host="server", name="listen", args={"fd": 3}, file="/x.py", line=4)
ROW: dict[str, Any] = {
    "host": "server", "socket": "55", "family": "inet", "protocol": "tcp", "state": "LISTEN", "local": "*:7777",
    "remote": "*:*", "inode": 9, "recv_queue": 0, "send_queue": 5, "owners": [ev.Owner(pid=7, fd=3)],
}  # fmt: skip
SENT: dict[str, Any] = {
    "packet": 1, "source_host": "client-a", "target_host": "server", "protocol": "tcp", "source": "10.0.0.5:40000",
    "destination": "10.0.0.4:7777", "flags": ["SYN"], "sequence": 1, "acknowledgment": 0, "window": 64240, "length": 0,
    "raw": "RQAA",
}  # fmt: skip


def assert_is(value: object, hint: Any) -> None:
    """A value is of a type of the state, member by member, with no member too many."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if typing.is_typeddict(hint):
        assert isinstance(value, dict)
        hints = typing.get_type_hints(hint, include_extras=True)
        needed = {name for name, kind in hints.items() if typing.get_origin(kind) is not NotRequired}
        assert needed <= set(value) <= set(hints), hint.__name__
        for name, member in value.items():
            assert_is(member, hints[name])
    elif origin is NotRequired:
        assert_is(value, args[0])
    elif origin is typing.Literal:
        assert value in args
    elif origin in (typing.Union, types.UnionType):
        (one,) = set(args) - {type(None)}
        if value is not None:
            assert_is(value, one)
    elif origin is list:
        assert isinstance(value, list)
        for member in value:
            assert_is(member, args[0])
    elif origin is dict:
        assert isinstance(value, dict)
        for key, member in value.items():
            assert isinstance(key, str)
            assert_is(member, args[1])
    elif origin is Mapping:
        assert isinstance(value, dict)
    else:
        assert type(value) is hint


def after(*events: ev.Event) -> State:
    """The state after events, numbered as a log does."""
    state = initial()
    for number, event in enumerate(events, 1):
        numbered = ev.decode_entry(ev.encode_entry(number, number * 1000, event))
        assert fold(state, numbered) is state
    json.dumps(state)  # plain JSON, or this raises
    assert_is(state, State)
    return state


def process(*events: ev.Event) -> shapes.Process:
    """Process 7 after it was started and the events."""
    return after(STARTED, *events)["processes"]["7"]


@pytest.mark.parametrize(
    ("row", "event", "less", "more"),
    [
        (shapes.Socket, ev.SocketRow, {"seq", "t"}, set()),
        (shapes.Packet, ev.PacketSent, {"seq", "t", "raw", "repeats"}, {"t", "status", "copies", "why"}),
        (shapes.Moment, ev.MomentPending, {"seq", "t"}, {"t"}),
        (shapes.SocketOwner, ev.Owner, set(), set()),
        (shapes.SocketTimer, ev.Timer, set(), set()),
    ],
)
def test_a_row_is_what_its_event_says(row: type, event: type[msgspec.Struct], less: set[str], more: set[str]) -> None:
    hints, told = typing.get_type_hints(row, include_extras=True), typing.get_type_hints(event)
    for field in msgspec.structs.fields(event):
        if field.name not in less:
            same = told[field.name] if field.required else NotRequired[told[field.name]]
            if field.name == "owners":
                same = list[shapes.SocketOwner]
            elif field.name == "timer":
                same = NotRequired[shapes.SocketTimer | None]
            assert hints.pop(field.name) == same, field.name
    assert set(hints) == more


def test_in_the_beginning_there_is_nothing() -> None:
    state = initial()
    assert [state[name] for name in ("hosts", "processes", "sockets", "packets", "moments")] == [{}] * 5
    assert (state["seq"], state["t"], state["pace"], state["closed"]) == (0, 0, "live", None)
    assert initial() is not initial()
    assert initial()["hosts"] is not initial()["hosts"]


def test_seq_and_t_are_those_of_the_last_event() -> None:
    state = after(HOST, STARTED, ev.SandboxClosed(why="idle"))
    assert (state["seq"], state["t"], state["closed"]) == (3, 3000, "idle")


def test_hosts_and_their_parameters() -> None:
    name = "net.ipv4.tcp_syncookies"
    state = after(HOST, ev.SysctlChanged(host="server", name=name, value="0", default="1"))
    assert state["hosts"]["server"] == {"addresses": ["10.0.0.4/24"], "sysctls": {name: "0"}, "differs": None}


RMEM = ev.Parameter(name="net.ipv4.tcp_rmem", value="4096 131072 262144", default="4096 131072 6291456", why="small")
UNLIKE = {"net.ipv4.tcp_rmem": {"value": RMEM.value, "default": RMEM.default, "why": "small"}}


def retries(value: str, **more: str) -> ev.SysctlChanged:
    return ev.SysctlChanged(host="server", name="net.ipv4.tcp_syn_retries", value=value, **more)


def test_what_differs_from_the_default_and_why() -> None:
    host = msgspec.structs.replace(HOST, differs=[RMEM])
    raised = {"value": "20", "default": "6", "why": "held"}
    asked_for = {"value": "1", "default": "6", "why": None}
    for events, differs in (
        ([], UNLIKE),
        ([retries("20", default="6", why="held")], {**UNLIKE, "net.ipv4.tcp_syn_retries": raised}),
        ([retries("20", default="6", why="held"), retries("6", default="6", why="over")], UNLIKE),
        ([retries("1", default="6")], {**UNLIKE, "net.ipv4.tcp_syn_retries": asked_for}),
        ([retries("6", default="6")], UNLIKE),
        ([retries("1")], UNLIKE),  # a log that does not say what the default is
    ):
        assert after(host, *events)["hosts"]["server"]["differs"] == differs


def test_pace_and_wire() -> None:
    state = after(
        ev.PaceChanged(pace="slow", pause_ms=50), ev.WireChanged(delay_ms=1, jitter_ms=2, loss=0.5, neighbours=True)
    )
    assert (state["pace"], state["pause_ms"]) == ("slow", 50)
    assert state["wire"] == {"delay_ms": 1, "jitter_ms": 2, "loss": 0.5, "neighbours": True}


def test_a_process_from_start_to_exit() -> None:
    begun = process()
    assert begun["status"] == "running"
    assert (begun["program"], begun["parent"], begun["credentials"]) == ("echo_server", None, "user")
    executed = process(ev.ProcessExecuted(pid=7, program="cat", argv=["cat"]))
    assert (executed["program"], executed["argv"]) == ("cat", ["cat"])
    ended = process(ENTERED, ev.FdOpened(pid=7, fd=3, kind="file", path="/x"), ev.ProcessExited(pid=7, code=3))
    assert (ended["status"], ended["code"], ended["signal"]) == ("exited", 3, None)
    assert (ended["fds"], ended["calls"]) == ({}, {})
    killed = process(ev.ProcessExited(pid=7, signal="SIGKILL"))
    assert (killed["code"], killed["signal"]) == (None, "SIGKILL")


def test_a_process_that_was_never_there_has_not_exited() -> None:
    assert not has_exited(after(STARTED), 7)
    assert has_exited(after(STARTED, ev.ProcessExited(pid=7, code=0)), 7)
    assert not has_exited(after(STARTED), 8)


def test_a_child_keeps_its_parent() -> None:
    child = ev.ProcessStarted(host="server", pid=9, program="x", argv=[], parent=7, credentials="admin")
    state = after(STARTED, child)
    assert (state["processes"]["9"]["parent"], state["processes"]["9"]["credentials"]) == (7, "admin")


def test_calls_by_thread() -> None:
    inside = process(ENTERED)
    call = {"call": 1, "name": "listen", "args": {"fd": 3}, "t": 2000, "file": "/x.py", "line": 4, "blocked": False}
    assert inside["calls"] == {"8": call}
    assert process(ENTERED, ev.SyscallBlocked(call=1, pid=7, tid=8))["calls"] == {"8": {**call, "blocked": True}}
    assert process(ENTERED, ev.SyscallBlocked(call=99, pid=7, tid=8))["calls"] == {"8": call}
    assert process(ENTERED, ev.SyscallReturned(call=1, pid=7, tid=8, result=0))["calls"] == {}
    other = ev.SyscallReturned(call=99, pid=7, tid=8, result=0)
    assert "8" in process(ENTERED, other)["calls"], "another call's return changes nothing"


def test_descriptors() -> None:
    opened = ev.FdOpened(pid=7, fd=3, kind="socket", socket="55")
    assert process(opened)["fds"] == {"3": {"kind": "socket", "socket": "55", "path": None}}
    assert process(opened, ev.FdClosed(pid=7, fd=3, kind="socket", socket="55"))["fds"] == {}
    file = ev.FdOpened(pid=7, fd=4, kind="file", path="/etc/passwd")
    assert process(opened, file)["fds"]["4"]["path"] == "/etc/passwd"


def test_sockets_appear_change_and_vanish() -> None:
    appeared = after(ev.SocketAppeared(**ROW))["sockets"]["55"]
    assert appeared == {**ROW, "owners": [{"pid": 7, "fd": 3}]}
    timer = ev.Timer(name="time-wait", expires_t=60, retransmits=0)
    changed = after(
        ev.SocketAppeared(**ROW), ev.SocketChanged(**ROW | {"state": "TIME-WAIT", "timer": timer, "owners": []})
    )
    row = changed["sockets"]["55"]
    assert (row["state"], row["owners"]) == ("TIME-WAIT", [])
    assert row["timer"] == {"name": "time-wait", "expires_t": 60, "retransmits": 0}
    again = after(ev.SocketAppeared(**ROW | {"timer": timer}), ev.SocketChanged(**ROW))
    assert "timer" not in again["sockets"]["55"], "what the new row does not say is not so any more"
    assert after(ev.SocketAppeared(**ROW), ev.SocketVanished(**ROW))["sockets"] == {}


@pytest.mark.parametrize("end", [ev.PacketDelivered(packet=1), ev.PacketDropped(packet=1, why="by hand")])
def test_a_packet_is_there_until_it_ends(end: ev.Event) -> None:
    packet = after(ev.PacketSent(**SENT))["packets"]["1"]
    assert packet["status"] == "in-flight"
    assert (packet["copies"], packet["t"], packet["flags"]) == (0, 1000, ["SYN"])
    assert "raw" not in packet
    held = after(ev.PacketSent(**SENT), ev.PacketHeld(packet=1, why="step pace"))["packets"]["1"]
    assert (held["status"], held["why"]) == ("held", "step pace")
    assert after(ev.PacketSent(**SENT), end)["packets"] == {}


def test_copies_are_counted_on_what_they_repeat() -> None:
    copies = [ev.PacketSent(**SENT | {"packet": number, "repeats": 1}) for number in (2, 3)]
    dropped = [ev.PacketDropped(packet=number, why="counted") for number in (2, 3)]
    state = after(ev.PacketSent(**SENT), copies[0], dropped[0], copies[1], dropped[1])
    assert list(state["packets"]) == ["1"]
    assert state["packets"]["1"]["copies"] == 2
    gone = after(ev.PacketSent(**SENT), ev.PacketDelivered(packet=1), copies[0])
    assert gone["packets"]["2"]["copies"] == 0


def test_moments_wait_until_they_are_released() -> None:
    pending = ev.MomentPending(moment=1, kind="packet", packet=4, due_t=77)
    waiting = after(pending)["moments"]["1"]
    assert {name: waiting[name] for name in ("moment", "kind", "packet", "due_t", "t")} == {
        "moment": 1, "kind": "packet", "packet": 4, "due_t": 77, "t": 1000,
    }  # fmt: skip
    assert after(pending, ev.MomentReleased(moment=1, kind="packet", packet=4))["moments"] == {}


SILENT = [
    ev.ProcessOutput(pid=7, stream="stdout", text="hi"),
    ev.CommandAccepted(command="pace.set", fields={"pace": "live"}),
    ev.CommandRefused(command="pace.set", fields={}, title="x", detail="y"),
    ev.ObservationLost(observer="wire", host="server", why="z"),
]
STRANGERS = [
    ev.ProcessExited(pid=99, code=0),
    ev.ProcessExecuted(pid=99, program="x", argv=[]),
    ev.SyscallReturned(call=1, pid=99, tid=99, result=0),
    ev.SyscallEntered(call=1, pid=99, tid=99, host="server", name="close", args={}),
    ev.FdOpened(pid=99, fd=3, kind="file"),
    ev.FdClosed(pid=99, fd=3, kind="file"),
    ev.FdClosed(pid=7, fd=3, kind="file"),
    ev.PacketHeld(packet=9, why="x"),
    ev.PacketDelivered(packet=9),
    ev.PacketDropped(packet=9, why="x"),
    ev.MomentReleased(moment=9, kind="packet"),
    ev.SocketVanished(**ROW),
]


@pytest.mark.parametrize("event", [*SILENT, *STRANGERS], ids=lambda event: type(event).__name__)
def test_what_changes_nothing_but_the_time(event: ev.Event) -> None:
    before = after(HOST, STARTED)
    same = copy.deepcopy(before) | {"seq": 3, "t": 3000}
    assert after(HOST, STARTED, event) == same


def test_another_program_has_none_of_the_calls_that_the_threads_of_the_last_one_were_in() -> None:
    executed = ev.ProcessExecuted(pid=7, program="sh", argv=["sh", "-c", "read line"])
    process = after(HOST, STARTED, ENTERED, executed)["processes"]["7"]
    assert (process["program"], process["calls"]) == ("sh", {})
