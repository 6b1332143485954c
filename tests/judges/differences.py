"""Where strace and our log may differ, each with its reason. Whatever is not listed here must be equal.

The list is data: it is applied to both sides in the same way, before they are compared for equality.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.judges.strace_calls import SHOWN, Call

_EPHEMERAL = range(32768, 61000)
_PORT = re.compile(r":(\d+)$")
_LEVELS = {"SOL_TCP": "IPPROTO_TCP", "SOL_IPV6": "IPPROTO_IPV6", "SOL_IP": "IPPROTO_IP", "SOL_UDP": "IPPROTO_UDP"}


@dataclass(frozen=True, slots=True)
class Difference:
    """``apply`` gives the call as it is compared, or None if it is not compared at all."""

    what: str
    why: str
    apply: Callable[[Call], Call | None]


def _map(call: Call, change: Callable[[Any], Any]) -> Call:
    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(each) for name, each in value.items()}
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            return [walk(each) for each in value]
        return change(value)

    return replace(call, args=walk(call.args), result=walk(call.result))


def _pids(call: Call) -> Call:
    if call.name == "wait4":
        args = {"pid": -1 if call.args["pid"] == -1 else "child"}
        return replace(call, args=args, result={"result": "child"} if call.result.get("result") else call.result)
    if call.args.get("cmd") == "F_SETOWN":
        return replace(call, args=call.args | {"arg": "pid"})
    return replace(call, result={"result": "child"}, child=0) if call.child else call


def _ports(call: Call) -> Call:
    def masked(value: Any) -> Any:
        found = _PORT.search(value) if isinstance(value, str) else None
        is_ephemeral = found is not None and int(found[1]) in _EPHEMERAL
        return _PORT.sub(":ephemeral", value) if is_ephemeral else value

    return _map(call, masked)


def _flag_order(call: Call) -> Call:
    def sorted_flags(value: Any) -> Any:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return sorted(each for each in value if each != "O_RDONLY")
        return value

    return _map(call, sorted_flags)


def _level_names(call: Call) -> Call:
    level = call.args.get("level")
    return replace(call, args=call.args | {"level": _LEVELS.get(level, level)}) if level else call


def _numbers(call: Call) -> Call:
    if call.args.get("option") == "SO_TYPE" and "values" in call.result:
        kind = call.result["values"]["value"]
        return replace(
            call, result=call.result | {"values": {"value": {1: "SOCK_STREAM", 2: "SOCK_DGRAM"}.get(kind, kind)}}
        )
    return call


def _no_descriptor(call: Call) -> Call:
    if call.name in ("poll", "ppoll"):
        fds = [{"fd": each["fd"]} if each["fd"] < 0 else each for each in call.args["fds"]]
        return replace(call, args=call.args | {"fds": fds})
    return call


def _failed_vector(call: Call) -> Call:
    if call.name in ("recvmsg", "readv", "preadv2") and "error" in call.result:
        return replace(call, args={name: value for name, value in call.args.items() if name != "buffer"})
    return call


def _standard_streams(call: Call) -> Call | None:
    return None if call.kind and call.fd in (0, 1, 2) else call


def _other_files(call: Call) -> Call | None:
    if call.fd < 0 or call.kind == "socket":
        return call
    followed = call.kind in ("pipe", "epoll") and call.name != "fcntl"
    return call if followed else None


def _epoll_data(call: Call, change: Callable[[int], Any]) -> Call:
    def number(raw: int | str) -> int:
        return raw if isinstance(raw, int) else int(raw, 16)

    if call.name == "epoll_ctl" and "data" in call.args:
        return replace(call, args=call.args | {"data": change(number(call.args["data"]))})
    if call.name in ("epoll_wait", "epoll_pwait") and "values" in call.result:
        ready = [event | {"data": change(number(event["data"]))} for event in call.result["values"]["ready"]]
        return replace(call, result=call.result | {"values": {"ready": ready}})
    return call


KNOWN = (
    Difference("the pid or tid that clone gives and wait4 names", "strace stands outside the pid namespace", _pids),
    Difference("ephemeral port numbers", "the kernel draws them by chance for each connection", _ports),
    Difference(
        "the order of flags; O_RDONLY",
        "each has a table of its own, and O_RDONLY is the absence of a flag",
        _flag_order,
    ),
    Difference("names of option levels", "strace writes SOL_TCP where the man pages write IPPROTO_TCP", _level_names),
    Difference("the value of SO_TYPE", "strace writes its number, we its name", _numbers),
    Difference(
        "events of poll for a negative descriptor", "the kernel ignores it; strace leaves it out", _no_descriptor
    ),
    Difference("buffers that nothing came into", "strace shows a vector only after something came", _failed_vector),
    Difference(
        "standard input, output and error", "what is said there is the scenario's own business", _standard_streams
    ),
    Difference(
        "plain files, and descriptors that are neither socket, pipe nor epoll",
        "they say nothing about sockets and are not logged; nor is fcntl on anything but a socket",
        _other_files,
    ),
    Difference(
        "the upper half of epoll's data",
        "CPython writes the descriptor into the lower half and leaves the upper one as it was",
        lambda call: _epoll_data(call, lambda data: data & 0xFFFFFFFF),
    ),
)

PIECES = (
    "into how many pieces a received stream is cut",
    "TCP carries bytes, not messages: whether a receiver is quicker than the second send decides",
)
"""Only for clients whose server sends twice in a row: poll is left out, and what was received is joined."""


def joined(calls: list[Call]) -> list[Call]:
    """The calls of a thread without poll, each run of recvfrom on one descriptor as one."""
    kept: list[Call] = []
    for call in calls:
        if call.name == "poll":
            continue
        last = kept[-1] if kept else None
        both = last is not None and last.name == call.name == "recvfrom" and last.args["fd"] == call.args["fd"]
        if last is None or not both or "error" in call.result or "error" in last.result:
            kept.append(call)
            continue
        first = base64.b64decode(last.result["data"])
        data = first + base64.b64decode(call.result["data"]) if len(first) == last.result["bytes"] else first
        length = last.result["bytes"] + call.result["bytes"]
        result = {"result": length, "bytes": length, "data": base64.b64encode(data[:SHOWN]).decode()}
        kept[-1] = replace(last, result=result)
    return kept


REFUSED_INSIDE = {"clone3": "ENOSYS", "io_setup": "EPERM"}
"""What a sandbox answers to calls that a filter cannot see through or that would go past the tracer.

strace is told to answer the same (``--inject``), so that programs choose the same way on both sides.
"""

EMPTY_POLLS = Difference(
    "looks at epoll that find nothing",
    "an event loop looks once more whenever it has something else to do, and timers wake it: that is a matter of speed",
    lambda call: None if call.name in ("epoll_wait", "epoll_pwait") and call.result.get("result") == 0 else call,
)
"""Only for programs with an event loop."""

TIMERS = Difference(
    "the time that a program is willing to wait",
    "nginx, redis and curl subtract what the clock says; asyncio waits for nothing while it has something to do",
    lambda call: (
        replace(call, args=call.args | {"timeout_ms": "from the clock"}) if "timeout_ms" in call.args else call
    ),
)
"""Only for programs that have timers of their own."""

POINTERS = Difference(
    "epoll's data",
    "nginx keeps a pointer there, and the kernel puts the heap at another address each time",
    lambda call: _epoll_data(call, lambda data: "pointer"),
)
"""Only for programs that keep pointers in epoll's data."""


NETLINK = (
    "netlink sockets",
    "the C library asks the kernel there which addresses the machine has; strace decodes the messages, we do not",
)
"""Calls on them are left out of both sides; they are recognised by their socket(2)."""


def _is_netlink(call: Call, known: set[int]) -> bool:
    if call.name == "socket" and call.args["family"] == "AF_NETLINK":
        known.add(call.result.get("new_fd", -1))
        return True
    if call.fd not in known:
        return False
    if call.name == "close":
        known.discard(call.fd)
    return True


def comparable(calls: list[Call], differences: tuple[Difference, ...] = KNOWN) -> list[Call]:
    """The calls of one thread without what may differ."""
    kept = []
    netlink: set[int] = set()
    for call in calls:
        if _is_netlink(call, netlink):
            continue
        current: Call | None = call
        for difference in differences:
            if current is not None:
                current = difference.apply(current)
        if current is not None:
            kept.append(replace(current, kind="", fd=-1))
    return kept
