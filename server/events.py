"""The vocabulary of what happened: one Struct per event, one closed union, encode and decode.

Events come up from the observers; commands (``server/commands.py``) go down. An event says what
the kernel showed, in the past tense; ``*.pending`` says what waits. The log alone gives ``seq``
and ``t``, so an observer makes an event without them and ``encode_entry`` puts them in front.

Fields with a default are left out of the JSON while they hold that default.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.json_value import JsonObject

Family = Literal["inet", "inet6", "unix"]
Protocol = Literal["tcp", "udp", "unix", "icmp", "icmp6", "arp", "other"]
Pace = Literal["live", "slow", "step"]
MomentKind = Literal["syscall", "packet"]
DescriptorKind = Literal["socket", "pipe", "file", "epoll", "eventfd", "other"]
Decoded = JsonObject
"""Decoded facts by name: arguments, results, header fields. Which there are, the call or the protocol says."""


class _Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every event has: ``seq`` counts from 1 without gaps, ``t`` is nanoseconds since the sandbox began."""

    seq: int = 0
    t: int = 0


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel parameter of a host that is not what the kernel gave its namespace: ``default``."""

    name: str
    value: str
    default: str
    why: str


class HostAdded(_Event, frozen=True, tag="host.added"):
    """A host (one network namespace) exists; its addresses are up.

    ``differs`` lists the kernel parameters that it does not begin with the kernel's default for, and why; recordings
    made before it was told are without it.
    """

    host: str
    addresses: list[str]
    differs: list[Parameter] | None = None


class ProcessStarted(_Event, frozen=True, tag="process.started"):
    """A process runs on a host: started by a command, or forked by ``parent``."""

    host: str
    pid: int
    program: str
    argv: list[str]
    parent: int | None = None
    credentials: Literal["user", "admin"] = "user"


class ProcessExecuted(_Event, frozen=True, tag="process.executed"):
    """A process replaced its program by another one: execve(2)."""

    pid: int
    program: str
    argv: list[str]


class ProcessOutput(_Event, frozen=True, tag="process.output"):
    """A program that was started, or a child that has its terminal too, wrote to standard output or standard error."""

    pid: int
    stream: Literal["stdout", "stderr"]
    text: str


class ProcessExited(_Event, frozen=True, tag="process.exited"):
    """A process ended: with an exit ``code``, or by a ``signal`` (its name, such as ``SIGKILL``)."""

    pid: int
    code: int | None = None
    signal: str | None = None


class SyscallEntered(_Event, frozen=True, tag="syscall.entered"):
    """A thread is about to enter a system call; the kernel has not begun it.

    ``args`` are decoded and named as in the call's man page. ``file`` and ``line`` name the
    statement of the program where they could be read from the interpreter's memory.
    """

    call: int
    pid: int
    tid: int
    host: str
    name: str
    args: Decoded
    file: str | None = None
    line: int | None = None


class SyscallBlocked(_Event, frozen=True, tag="syscall.blocked"):
    """The kernel has put a thread to sleep inside its call: ``/proc/TID/stat`` says S. Now the call waits.

    A call is looked at when it has not come back for a millisecond, so a shorter sleep is not seen.
    """

    call: int
    pid: int
    tid: int


class SyscallReturned(_Event, frozen=True, tag="syscall.returned"):
    """A system call came back: ``result``, or ``error`` (the errno's name), and what it wrote out.

    ``data`` is base64 of the first 64 bytes that were moved; ``bytes`` counts all of them.
    ``values`` holds the other decoded results (ready events, option values, flags).
    """

    call: int
    pid: int
    tid: int
    result: int | None = None
    error: str | None = None
    new_fd: int | None = None
    address: str | None = None
    bytes: int | None = None
    data: str | None = None
    values: Decoded | None = None


class FdOpened(_Event, frozen=True, tag="fd.opened"):
    """A number in a process's file descriptor table now points to something."""

    pid: int
    fd: int
    kind: DescriptorKind
    socket: str | None = None
    path: str | None = None


class FdClosed(_Event, frozen=True, tag="fd.closed"):
    """A number in a process's file descriptor table is free again."""

    pid: int
    fd: int
    kind: DescriptorKind
    socket: str | None = None


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """One file descriptor that names a socket."""

    pid: int
    fd: int


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A socket's pending kernel timer. ``expires_t`` is on the log's clock (ns); ``retransmits`` counts so far."""

    name: Literal["retransmit", "keepalive", "time-wait", "zero-window-probe"]
    expires_t: int
    retransmits: int


class SocketRow(_Event, frozen=True):
    """One row of the kernel's socket table (sock_diag(7)).

    ``socket`` is the kernel's cookie. On a listening socket ``recv_queue`` counts connections that
    wait for accept() and ``send_queue`` is their limit; elsewhere both are bytes. ``inode`` 0 means
    that no file descriptor names it yet. ``source`` says which evidence gave the row: ``sock_diag``,
    or ``getsockopt`` for a socket that no table of the kernel lists yet (made, but neither bound nor connected).
    """

    host: str
    socket: str
    family: Family
    protocol: Literal["tcp", "udp", "unix"]
    state: str
    local: str
    remote: str
    inode: int
    recv_queue: int
    send_queue: int
    owners: list[Owner]
    timer: Timer | None = None
    uid: int | None = None
    peer: str | None = None
    v6only: bool | None = None
    source: Literal["sock_diag", "getsockopt"] = "sock_diag"


class SocketAppeared(SocketRow, frozen=True, tag="socket.appeared"):
    """The kernel has a socket that was not there before."""


class SocketChanged(SocketRow, frozen=True, tag="socket.changed"):
    """A row of the kernel's socket table is not as it was."""


class SocketVanished(SocketRow, frozen=True, tag="socket.vanished"):
    """The kernel has this socket no longer; the fields are its last row."""


class PacketSent(_Event, frozen=True, tag="packet.sent"):
    """A host put a packet on the wire (or on its own loopback, which can be seen but not held).

    ``raw`` is base64 of the frame from its network-layer header on, as the kernel handed it over.
    ``repeats`` is the packet that this one retransmits. ``info`` holds the other decoded header
    fields by their RFC names.
    """

    packet: int
    source_host: str
    target_host: str | None
    protocol: Protocol
    source: str
    destination: str
    flags: list[str]
    sequence: int | None
    acknowledgment: int | None
    window: int | None
    length: int
    raw: str
    repeats: int | None = None
    loopback: bool = False
    info: Decoded | None = None


class PacketHeld(_Event, frozen=True, tag="packet.held"):
    """A packet waits on the wire for a person."""

    packet: int
    why: str


class PacketDelivered(_Event, frozen=True, tag="packet.delivered"):
    """A packet was handed to its target host's kernel."""

    packet: int
    why: str = "forwarded"


class PacketDropped(_Event, frozen=True, tag="packet.dropped"):
    """A packet will not arrive."""

    packet: int
    why: str


class MomentPending(_Event, frozen=True, tag="moment.pending"):
    """Something is about to happen and waits: a system call to enter, or a packet to be delivered.

    ``due_t`` is when it goes on by itself (slow pace), on the log's clock; without it, it waits for a person.
    """

    moment: int
    kind: MomentKind
    call: int | None = None
    packet: int | None = None
    due_t: int | None = None


class MomentReleased(_Event, frozen=True, tag="moment.released"):
    """A waiting moment goes on, or (``why``) ended otherwise: its process died, its packet was dropped."""

    moment: int
    kind: MomentKind
    call: int | None = None
    packet: int | None = None
    why: str = "released"


class PaceChanged(_Event, frozen=True, tag="pace.changed"):
    """The conductor follows another pace."""

    pace: Pace
    pause_ms: int


class WireChanged(_Event, frozen=True, tag="wire.changed"):
    """The wire delays, loses or shows otherwise than before."""

    delay_ms: int
    jitter_ms: int
    loss: float
    neighbours: bool


class SysctlChanged(_Event, frozen=True, tag="sysctl.changed"):
    """A kernel parameter of one host has a new value.

    ``default`` is what the host's namespace had in the beginning. ``why`` is there when nobody asked for the value: the
    sandbox sets it while something is held, and sets it back.
    """

    host: str
    name: str
    value: str
    default: str | None = None
    why: str | None = None


class CommandAccepted(_Event, frozen=True, tag="command.accepted"):
    """A command came through the door and was carried out; ``fields`` are its own."""

    command: str
    fields: JsonObject


class CommandRefused(_Event, frozen=True, tag="command.refused"):
    """A command came through the door and was refused."""

    command: str
    fields: JsonObject
    title: str
    detail: str


class ObservationLost(_Event, frozen=True, tag="observation.lost"):
    """Something happened that an observer could not see; the screen says so instead of guessing."""

    observer: Literal["tracer", "wire", "table", "output"]
    host: str
    why: str
    count: int = 1


class SandboxClosed(_Event, frozen=True, tag="sandbox.closed"):
    """The sandbox has ended; this is its last event."""

    why: str


Event = (
    HostAdded
    | ProcessStarted
    | ProcessExecuted
    | ProcessOutput
    | ProcessExited
    | SyscallEntered
    | SyscallBlocked
    | SyscallReturned
    | FdOpened
    | FdClosed
    | SocketAppeared
    | SocketChanged
    | SocketVanished
    | PacketSent
    | PacketHeld
    | PacketDelivered
    | PacketDropped
    | MomentPending
    | MomentReleased
    | PaceChanged
    | WireChanged
    | SysctlChanged
    | CommandAccepted
    | CommandRefused
    | ObservationLost
    | SandboxClosed
)

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Event)


def encode_entry(seq: int, t: int, event: Event) -> bytes:
    """One line of the log: the event as a JSON object with ``seq`` and ``t`` (ns) in front."""
    return b'{"seq":%d,"t":%d,%b' % (seq, t, _encode(event)[1:])


def decode_entry(line: bytes) -> Event:
    """The event of one line of the log.

    Raises:
        msgspec.ValidationError: The line is no event of this vocabulary; the message names the path.
        msgspec.DecodeError: The line is not JSON.
    """
    event: Event = _decoder.decode(line)
    return event
