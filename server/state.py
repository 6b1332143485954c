"""What is there after an event: ``fold(state, event) -> state``, and nothing else.

The state is plain JSON (docs/state.md), because it is the same value for HTTP, for the
checks of a lab and for ``static/js/log/fold.js``, which must give an equal one for the same log. Its types
stand here alone: the page's, and ``docs/state.md``, are made from them (``make docs``).
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

from typing import Literal, NotRequired, TypedDict, assert_never

import msgspec

from server import events as ev

# --- the shape --------------------------------------------------------------------------------


class Wire(TypedDict):
    """What the wire does to every packet.

    Attributes:
        delay_ms: So long each packet is under way (ms).
        jitter_ms: So much the delay varies, up or down (ms).
        loss: The share of packets that is lost: 0 to 1.
        neighbours: Whether ARP and IPv6 neighbour discovery are shown as packets too.
    """

    delay_ms: int
    jitter_ms: int
    loss: float
    neighbours: bool


class Host(TypedDict):
    """A host: one network namespace.

    Attributes:
        addresses: Its addresses with their prefix lengths, such as ``10.0.0.4/24``.
        sysctls: Kernel parameter → value, of those that were set since the sandbox began.
    """

    addresses: list[str]
    sysctls: dict[str, str]


class Descriptor(TypedDict):
    """What a number in a process's file descriptor table points to.

    Attributes:
        kind: What sort of thing.
        socket: The socket's cookie; null if it is no socket.
        path: The file's path; null if it is no file, or has none.
    """

    kind: ev.DescriptorKind
    socket: str | None
    path: str | None


class Call(TypedDict):
    """A system call that was entered and has not returned.

    Attributes:
        call: Its id in the log.
        name: Its name in section 2 of the manual.
        args: Its arguments, decoded, by name.
        t: When it was entered (ns on the log's clock).
        file: The program's source file; null if unknown.
        line: The line in it, from 1; null if unknown.
    """

    call: int
    name: str
    args: ev.Decoded
    t: int
    file: str | None
    line: int | None


class Process(TypedDict):
    """A process, running or exited.

    Attributes:
        host: Where it runs.
        program: Its name in the catalogue, or the last part of the path that it was started with.
        argv: Its command line.
        parent: The pid that forked it; null if a command started it.
        credentials: What it may do: ``admin`` may bind ports below 1024.
        status: Whether it runs still.
        fds: File descriptor → what it points to; empty once it has exited.
        calls: Thread id → the call that it is in; empty once it has exited.
        code: Its exit code, null if a signal ended it. Absent while it runs.
        signal: The signal that ended it, such as ``SIGKILL``, null if none did. Absent while it runs.
    """

    host: str
    program: str
    argv: list[str]
    parent: int | None
    credentials: Literal["user", "admin"]
    status: Literal["running", "exited"]
    fds: dict[str, Descriptor]
    calls: dict[str, Call]
    code: NotRequired[int | None]
    signal: NotRequired[str | None]


class SocketOwner(TypedDict):
    """One file descriptor that names a socket.

    Attributes:
        pid: Whose.
        fd: Which number.
    """

    pid: int
    fd: int


class SocketTimer(TypedDict):
    """A socket's pending kernel timer.

    Attributes:
        name: Which one.
        expires_t: When it expires (ns on the log's clock).
        retransmits: How often the socket has sent again so far.
    """

    name: Literal["retransmit", "keepalive", "time-wait", "zero-window-probe"]
    expires_t: int
    retransmits: int


class Socket(TypedDict):
    """One row of the kernel's socket table, as ``socket.appeared`` and ``socket.changed`` say it.

    Attributes:
        host: Whose kernel has it.
        socket: The kernel's cookie.
        family: Its address family.
        protocol: Its protocol.
        state: Its state by RFC 9293; ``UNCONNECTED`` for udp.
        local: The local end, such as ``10.0.0.4:80`` or ``*:80``.
        remote: The remote end; ``*:*`` if there is none.
        inode: Its inode; 0 while no file descriptor names it.
        recv_queue: Bytes to be read; on a listening socket, connections that wait for accept().
        send_queue: Bytes not yet acknowledged; on a listening socket, the limit of those that wait.
        owners: The file descriptors that name it.
        timer: The kernel timer that runs. Absent if none does.
        uid: The user who made it. Absent if unknown.
        peer: The cookie of the unix socket at the other end. Absent if there is none, or it is not known.
        v6only: Whether an IPv6 socket takes IPv6 alone. Absent if it is no IPv6 socket, or unknown.
        source: Which evidence gave the row. Absent: ``sock_diag``.
    """

    host: str
    socket: str
    family: ev.Family
    protocol: Literal["tcp", "udp", "unix"]
    state: str
    local: str
    remote: str
    inode: int
    recv_queue: int
    send_queue: int
    owners: list[SocketOwner]
    timer: NotRequired[SocketTimer | None]
    uid: NotRequired[int | None]
    peer: NotRequired[str | None]
    v6only: NotRequired[bool | None]
    source: NotRequired[Literal["sock_diag", "getsockopt"]]


class Packet(TypedDict):
    """A packet that is under way, as ``packet.sent`` says it, without its bytes.

    Attributes:
        packet: Its id in the log.
        source_host: Who sent it.
        target_host: Whose it will be; null if it is for no single host of the sandbox.
        protocol: Its protocol.
        source: Where it comes from: address and port.
        destination: Where it goes: address and port.
        flags: Its TCP flags; empty for another protocol.
        sequence: Its TCP sequence number; null for another protocol.
        acknowledgment: Its TCP acknowledgment number; null for another protocol.
        window: The receive window that it announces, as in its header; null for another protocol.
        length: Bytes of payload.
        loopback: Whether it stays on its host, where it cannot be held. Absent: no.
        info: Other decoded header fields by their RFC names. Absent if there are none.
        status: Whether it goes on by itself or is held.
        copies: How many retransmissions of it were sent meanwhile.
        t: When it was sent (ns on the log's clock).
        why: Why it was held. Absent if it never was.
    """

    packet: int
    source_host: str
    target_host: str | None
    protocol: ev.Protocol
    source: str
    destination: str
    flags: list[str]
    sequence: int | None
    acknowledgment: int | None
    window: int | None
    length: int
    loopback: NotRequired[bool]
    info: NotRequired[ev.Decoded | None]
    status: Literal["in-flight", "held"]
    copies: int
    t: int
    why: NotRequired[str]


class Moment(TypedDict):
    """Something that is about to happen and waits, as ``moment.pending`` says it.

    Attributes:
        moment: Its id in the log.
        kind: A system call to enter, or a packet to be delivered.
        call: The call's id. Absent if it is a packet.
        packet: The packet's id. Absent if it is a call.
        due_t: When it goes on by itself (ns on the log's clock). Absent: it waits for a person.
        t: Since when it waits (ns on the log's clock).
    """

    moment: int
    kind: ev.MomentKind
    call: NotRequired[int | None]
    packet: NotRequired[int | None]
    due_t: NotRequired[int | None]
    t: int


class State(TypedDict):
    """All that is there after an event.

    Attributes:
        seq: The ``seq`` of that event; 0 before the first.
        t: Its time (ns on the log's clock).
        pace: The conductor's pace.
        pause_ms: So long each moment waits at pace ``slow`` (ms).
        wire: What the wire does.
        hosts: Name → host.
        processes: Pid → process.
        sockets: Cookie → row of the socket table.
        packets: Id → packet that is under way.
        moments: Id → what waits.
        closed: Why the sandbox has ended; null while it has not.
    """

    seq: int
    t: int
    pace: ev.Pace
    pause_ms: int
    wire: Wire
    hosts: dict[str, Host]
    processes: dict[str, Process]
    sockets: dict[str, Socket]
    packets: dict[str, Packet]
    moments: dict[str, Moment]
    closed: str | None


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
            state["hosts"][event.host] = {"addresses": event.addresses, "sysctls": {}}
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
            state["hosts"][event.host]["sysctls"][event.name] = event.value
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
        }


def _return(state: State, event: ev.SyscallReturned) -> None:
    process = state["processes"].get(str(event.pid))
    if process is None:
        return
    current = process["calls"].get(str(event.tid))
    if current is not None and current["call"] == event.call:
        del process["calls"][str(event.tid)]


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
