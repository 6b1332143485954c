"""Where strace and our log may differ, each with its reason. Whatever is not listed here must be equal.

The list is data: it is applied to both sides in the same way, before they are compared for equality.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.judges.strace_calls import Call

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


def _clone3(call: Call) -> Call:
    return replace(call, name="clone") if call.name == "clone3" else call


def _standard_streams(call: Call) -> Call | None:
    return None if call.kind and call.fd in (0, 1, 2) else call


def _other_files(call: Call) -> Call | None:
    if call.fd < 0 or call.kind == "socket":
        return call
    followed = call.kind in ("pipe", "epoll") and call.name != "fcntl"
    return call if followed else None


def _pointers(call: Call) -> Call:
    return _map(call, lambda value: "pointer" if isinstance(value, str) and re.match(r"0x[0-9a-f]{9}", value) else value)


KNOWN = (
    Difference("the pid or tid that clone gives", "strace stands outside the pid namespace", _pids),
    Difference("ephemeral port numbers", "the kernel draws them by chance for each connection", _ports),
    Difference(
        "the order of flags; O_RDONLY", "each has a table of its own, and O_RDONLY is the absence of a flag", _flag_order
    ),
    Difference("names of option levels", "strace writes SOL_TCP where the man pages write IPPROTO_TCP", _level_names),
    Difference(
        "clone3 outside is clone inside", "the cage answers ENOSYS, because a filter cannot see clone3's flags", _clone3
    ),
    Difference(
        "standard input, output and error", "what is said there is the scenario's own business", _standard_streams
    ),
    Difference(
        "plain files, and descriptors that are neither socket, pipe nor epoll",
        "they say nothing about sockets and are not logged; nor is fcntl on anything but a socket",
        _other_files,
    ),
    Difference(
        "epoll's data beyond 32 bits",
        "a pointer of the program, or (CPython) an upper half that it leaves undefined",
        _pointers,
    ),
)

TIMERS = Difference(
    "wake-ups of timers and the time left to them",
    "nginx and redis look at the clock: how often they wake without an event depends on the machine's speed",
    lambda call: (
        None
        if call.name in ("epoll_wait", "epoll_pwait") and call.result.get("result") == 0
        else replace(call, args=call.args | {"timeout_ms": "from the clock"})
        if "timeout_ms" in call.args
        else call
    ),
)
"""Only for programs that have timers of their own."""


def comparable(calls: list[Call], differences: tuple[Difference, ...] = KNOWN) -> list[Call]:
    """The calls of one thread without what may differ."""
    kept = []
    for call in calls:
        current: Call | None = call
        for difference in differences:
            if current is not None:
                current = difference.apply(current)
        if current is not None:
            kept.append(replace(current, kind="", fd=-1))
    return kept
