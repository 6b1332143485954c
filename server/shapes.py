"""The shape of the state: what ``server/state.py`` folds the events of a sandbox into, as JSON has it.

The page's types and ``docs/state.md`` are made from these (``make docs``). Keys are strings, as JSON has them: pids,
fds, packet and moment ids. A member that is not required is absent while it has its default.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from server import events as ev


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


class Parameter(TypedDict):
    """A kernel parameter of a host that is not what it was by default.

    Attributes:
        value: What it is.
        default: What the kernel gave the host's namespace in the beginning.
        why: What the sandbox has set it for; null if somebody asked for it.
    """

    value: str
    default: str
    why: str | None


class Host(TypedDict):
    """A host: one network namespace.

    Attributes:
        addresses: Its addresses with their prefix lengths, such as ``10.0.0.4/24``.
        sysctls: Kernel parameter → value, of those that were set since the sandbox began.
        differs: Kernel parameter → what it is, of those that are not as by default; null if the log does not say.
    """

    addresses: list[str]
    sysctls: dict[str, str]
    differs: dict[str, Parameter] | None


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
        blocked: Whether its thread was seen to sleep in it.
    """

    call: int
    name: str
    args: ev.Decoded
    t: int
    file: str | None
    line: int | None
    blocked: bool


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
