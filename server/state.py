"""What is there after an event: ``fold(state, event) -> state``, and nothing else.

The state is plain JSON (interface.md, "State"), because it is the same value for HTTP, for the
checks of a lab and for ``static/js/log/fold.js``, which must give an equal one for the same log.
``fold`` changes the state it is given and returns it; who needs the old one copies it first.

Rules that are not obvious:

* Keys are strings, as JSON has them: pids, fds, packet and moment ids.
* A packet is in ``packets`` from ``packet.sent`` until it is delivered or dropped. While it is
  held, ``copies`` counts the retransmissions of it that the wire swallowed.
* ``calls`` of a process are the system calls that were entered and have not returned, by thread.
* An exited process stays, without file descriptors and calls, with its ``code`` or ``signal``.
"""

from __future__ import annotations

from typing import Any, assert_never

import msgspec

from server import events as ev

State = dict[str, Any]

_ROW_SKIPS = frozenset({"seq", "t", "type", "raw", "repeats"})


def initial() -> State:
    """The state before the first event."""
    return {
        "seq": 0,
        "t": 0,
        "pace": "live",
        "pause_ms": 0,
        "wire": {"delay_ms": 0, "jitter_ms": 0, "loss": 0.0, "neighbours": False},
        "hosts": {},
        "processes": {},
        "sockets": {},
        "packets": {},
        "moments": {},
        "closed": None,
    }


def fold(state: State, event: ev.Event) -> State:
    """The state after one more event.

    Args:
        state: The state before it; it is changed.
        event: The next event of the log.
    """
    state["seq"] = event.seq
    state["t"] = event.t
    match event:
        case ev.SyscallEntered():
            _enter(state, event)
        case ev.SyscallReturned():
            _return(state, event)
        case ev.SocketAppeared() | ev.SocketChanged():
            state["sockets"][event.socket] = _fields(event)
        case ev.SocketVanished():
            state["sockets"].pop(event.socket, None)
        case ev.PacketSent():
            _send(state, event)
        case ev.PacketHeld():
            _set(state["packets"].get(str(event.packet)), status="held", why=event.why)
        case ev.PacketDelivered() | ev.PacketDropped():
            state["packets"].pop(str(event.packet), None)
        case ev.MomentPending():
            state["moments"][str(event.moment)] = _fields(event) | {"t": event.t}
        case ev.MomentReleased():
            state["moments"].pop(str(event.moment), None)
            if event.packet is not None:
                _set(state["packets"].get(str(event.packet)), status="in-flight")
        case ev.FdOpened():
            entry = {"kind": event.kind, "socket": event.socket, "path": event.path}
            _set(_fds(state, event.pid), **{str(event.fd): entry})
        case ev.FdClosed():
            (_fds(state, event.pid) or {}).pop(str(event.fd), None)
        case ev.HostAdded():
            state["hosts"][event.host] = {"addresses": event.addresses, "sysctls": {}}
        case ev.ProcessStarted():
            state["processes"][str(event.pid)] = _process(event)
        case ev.ProcessExecuted():
            _set(state["processes"].get(str(event.pid)), program=event.program, argv=event.argv)
        case ev.ProcessExited():
            end: dict[str, Any] = {"status": "exited", "code": event.code, "signal": event.signal}
            _set(state["processes"].get(str(event.pid)), **end, fds={}, calls={})
        case ev.PaceChanged():
            _set(state, pace=event.pace, pause_ms=event.pause_ms)
        case ev.WireChanged():
            state["wire"] = {
                "delay_ms": event.delay_ms,
                "jitter_ms": event.jitter_ms,
                "loss": event.loss,
                "neighbours": event.neighbours,
            }
        case ev.SysctlChanged():
            state["hosts"][event.host]["sysctls"][event.name] = event.value
        case ev.SandboxClosed():
            state["closed"] = event.why
        case ev.ProcessOutput() | ev.CommandAccepted() | ev.CommandRefused() | ev.ObservationLost():
            pass
        case _:
            assert_never(event)
    return state


def _fields(event: ev.Event) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in built.items() if name not in _ROW_SKIPS}


def _set(target: dict[str, Any] | None, **values: Any) -> None:  # noqa: ANN401 (JSON values)
    if target is not None:
        target.update(values)


def _fds(state: State, pid: int) -> dict[str, Any] | None:
    process = state["processes"].get(str(pid))
    return None if process is None else process["fds"]


def _process(event: ev.ProcessStarted) -> dict[str, Any]:
    return {
        "host": event.host,
        "program": event.program,
        "argv": event.argv,
        "parent": event.parent,
        "credentials": event.credentials,
        "status": "running",
        "fds": {},
        "calls": {},
    }


def _enter(state: State, event: ev.SyscallEntered) -> None:
    process = state["processes"].get(str(event.pid))
    if process is not None:
        process["calls"][str(event.tid)] = {
            "call": event.call,
            "name": event.name,
            "args": event.args,
            "t": event.t,
            "file": event.file,
            "line": event.line,
        }


def _return(state: State, event: ev.SyscallReturned) -> None:
    process = state["processes"].get(str(event.pid))
    if process is None:
        return
    current = process["calls"].get(str(event.tid))
    if current is not None and current["call"] == event.call:
        del process["calls"][str(event.tid)]


def _send(state: State, event: ev.PacketSent) -> None:
    if event.repeats is not None:
        first = state["packets"].get(str(event.repeats))
        if first is not None:
            first["copies"] += 1
    state["packets"][str(event.packet)] = _fields(event) | {"status": "in-flight", "copies": 0, "t": event.t}
