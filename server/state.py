"""What is there after an event: ``fold(state, event) -> state``, and nothing else.

The state is plain JSON (docs/state.md), because it is the same value for HTTP, for the
checks of a lab and for ``static/js/log/fold.js``, which must give an equal one for the same log. Its types
are in ``server/shapes.py``.
``fold`` changes the state it is given and returns it; who needs the old one copies it first.

Rules that are not obvious:

* Keys are strings, as JSON has them: pids, fds, packet and moment ids.
* Rows of sockets, packets and moments are what their events say, less what only the log needs
  (``seq``, ``type``, the bytes). As in the events, a member is absent while it has its default.
* A packet is in ``packets`` from ``packet.sent`` until it is delivered or dropped. While it is
  held, ``copies`` counts the retransmissions of it that the wire discarded.
* ``calls`` of a process are the system calls that were entered and have not returned, by thread.
* An exited process stays, without file descriptors and calls, with its ``code`` or ``signal``.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from server import events as ev
from server.shapes import Call, Host, Moment, Packet, Parameter, Process, Socket, State


def has_exited(state: State, pid: int) -> bool:
    """Whether a process was there and has ended."""
    process = state["processes"].get(str(pid))
    return process is not None and process["status"] == "exited"


# --- the fold ---------------------------------------------------------------------------------


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
        case ev.SyscallBlocked():
            _block(state, event)
        case ev.SyscallReturned():
            _return(state, event)
        case ev.SocketAppeared() | ev.SocketChanged():
            state["sockets"][event.socket] = _socket(event)
        case ev.SocketVanished():
            state["sockets"].pop(event.socket, None)
        case ev.PacketSent():
            _send(state, event)
        case ev.PacketHeld():
            _hold(state, event)
        case ev.PacketDelivered() | ev.PacketDropped():
            state["packets"].pop(str(event.packet), None)
        case ev.MomentPending():
            state["moments"][str(event.moment)] = _moment(event)
        case ev.MomentReleased():
            _release(state, event)
        case ev.FdOpened():
            _open(state, event)
        case ev.FdClosed():
            _close(state, event)
        case ev.HostAdded():
            state["hosts"][event.host] = _host(event)
        case ev.ProcessStarted():
            state["processes"][str(event.pid)] = _process(event)
        case ev.ProcessExecuted():
            _execute(state, event)
        case ev.ProcessExited():
            _exit(state, event)
        case ev.PaceChanged():
            state["pace"] = event.pace
            state["pause_ms"] = event.pause_ms
        case ev.WireChanged():
            state["wire"] = {
                "delay_ms": event.delay_ms,
                "jitter_ms": event.jitter_ms,
                "loss": event.loss,
                "neighbours": event.neighbours,
            }
        case ev.SysctlChanged():
            _set_parameter(state["hosts"][event.host], event)
        case ev.SandboxClosed():
            state["closed"] = event.why
        case ev.ProcessOutput() | ev.CommandAccepted() | ev.CommandRefused() | ev.ObservationLost():
            pass
        case _:
            assert_never(event)
    return state


# Rows. What msgspec builds of an event is the row but for a few members, which are taken out again: that is
# several times faster than to name all those that stay. A test holds the rows' types to the events'.


def _socket(event: ev.SocketAppeared | ev.SocketChanged) -> Socket:
    built = msgspec.to_builtins(event)
    for name in ("type", "seq", "t"):
        built.pop(name, None)
    row: Socket = built
    return row


def _packet(event: ev.PacketSent) -> Packet:
    built = msgspec.to_builtins(event)
    for name in ("type", "seq", "t", "raw", "repeats"):
        built.pop(name, None)
    built.update(status="in-flight", copies=0, t=event.t)
    row: Packet = built
    return row


def _moment(event: ev.MomentPending) -> Moment:
    built = msgspec.to_builtins(event)
    for name in ("type", "seq", "t"):
        built.pop(name, None)
    built["t"] = event.t
    row: Moment = built
    return row


# Hosts and their kernel parameters.


def _host(event: ev.HostAdded) -> Host:
    differs: dict[str, Parameter] | None = None
    if event.differs is not None:
        differs = {each.name: {"value": each.value, "default": each.default, "why": each.why} for each in event.differs}
    return {"addresses": event.addresses, "sysctls": {}, "differs": differs}


def _set_parameter(host: Host, event: ev.SysctlChanged) -> None:
    host["sysctls"][event.name] = event.value
    differs = host["differs"]
    if differs is None or event.default is None:
        return
    if event.value == event.default:
        differs.pop(event.name, None)
    else:
        differs[event.name] = {"value": event.value, "default": event.default, "why": event.why}


# Processes, their calls and descriptors. What an event says of a process that the state does not know is let pass.


def _process(event: ev.ProcessStarted) -> Process:
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


def _execute(state: State, event: ev.ProcessExecuted) -> None:
    process = state["processes"].get(str(event.pid))
    if process is not None:
        process["program"] = event.program
        process["argv"] = event.argv
        process["calls"] = {}  # execve(2) ends the other threads in the middle of their calls


def _exit(state: State, event: ev.ProcessExited) -> None:
    process = state["processes"].get(str(event.pid))
    if process is not None:
        process["status"] = "exited"
        process["code"] = event.code
        process["signal"] = event.signal
        process["fds"] = {}
        process["calls"] = {}


def _open(state: State, event: ev.FdOpened) -> None:
    process = state["processes"].get(str(event.pid))
    if process is not None:
        process["fds"][str(event.fd)] = {"kind": event.kind, "socket": event.socket, "path": event.path}


def _close(state: State, event: ev.FdClosed) -> None:
    process = state["processes"].get(str(event.pid))
    if process is not None:
        process["fds"].pop(str(event.fd), None)


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
            "blocked": False,
        }


def _call(state: State, event: ev.SyscallBlocked | ev.SyscallReturned) -> Call | None:
    process = state["processes"].get(str(event.pid))
    current = process["calls"].get(str(event.tid)) if process is not None else None
    return current if current is not None and current["call"] == event.call else None


def _block(state: State, event: ev.SyscallBlocked) -> None:
    call = _call(state, event)
    if call is not None:
        call["blocked"] = True


def _return(state: State, event: ev.SyscallReturned) -> None:
    if _call(state, event) is not None:
        del state["processes"][str(event.pid)]["calls"][str(event.tid)]


# Packets and moments


def _send(state: State, event: ev.PacketSent) -> None:
    if event.repeats is not None:
        first = state["packets"].get(str(event.repeats))
        if first is not None:
            first["copies"] += 1
    state["packets"][str(event.packet)] = _packet(event)


def _hold(state: State, event: ev.PacketHeld) -> None:
    packet = state["packets"].get(str(event.packet))
    if packet is not None:
        packet["status"] = "held"
        packet["why"] = event.why


def _release(state: State, event: ev.MomentReleased) -> None:
    state["moments"].pop(str(event.moment), None)
    if event.packet is not None:
        packet = state["packets"].get(str(event.packet))
        if packet is not None:
            packet["status"] = "in-flight"
