"""What a condition can ask about: subjects and their fields, as one table with getters.

The reader validates against it, ``checks`` reads rows through it, the reference page is made of it. A *view* is one
row of a subject as ``record`` hands it out; a getter returns None where the row has no such thing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from server import events as ev
from server.inet.names import ERRNO
from server.inet.syscalls import TRACED
from server.lessons.query import Subject
from server.shapes import Descriptor, Process, Socket

Answer = str | int | bool | frozenset[str] | None
Kind = Literal["text", "number", "flag", "set", "process", "host"]
Fate = Literal["in-flight", "held", "delivered", "dropped"]


# --- views ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process: its pid and its entry of the state."""

    pid: int
    entry: Process


@dataclass(frozen=True, slots=True)
class FdView:
    """A file descriptor: whose, where, which number, and its entry of the state."""

    pid: int
    host: str
    fd: int
    entry: Descriptor


@dataclass(frozen=True, slots=True)
class CallView:
    """A system call: its entry, its return if it came back, and whether it is held before the kernel begins it."""

    entered: ev.SyscallEntered
    returned: ev.SyscallReturned | None
    held: bool = False


@dataclass(frozen=True, slots=True)
class PacketView:
    """A packet, what became of it, and how many copies of it were sent while it waited."""

    sent: ev.PacketSent
    status: Fate
    why: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line that a program printed."""

    pid: int
    host: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class MomentView:
    """What waits, and the call or packet that it is."""

    moment: int
    kind: str
    call: ev.SyscallEntered | None
    packet: ev.PacketSent | None


@dataclass(frozen=True, slots=True)
class SysctlView:
    """A kernel parameter of a host."""

    host: str
    name: str
    value: str


View = Socket | ProcessView | FdView | CallView | PacketView | LineView | MomentView | SysctlView


# --- the table --------------------------------------------------------------------------------


V = TypeVar("V", bound=View)


@dataclass(frozen=True, slots=True)
class Field(Generic[V]):
    """One field of a subject whose rows are of the type V.

    Attributes:
        kind: What its values are; ``process`` holds pids and is asked for by name.
        help: What it is, as a clause.
        get: Its value in a view, of the type that the kind says (so Any); for ``process``, the pids.
        choices: The only texts that it can be; empty for any.
    """

    kind: Kind
    help: str
    get: Callable[[V], Any]
    choices: tuple[str, ...] = ()


TCP_STATES = (
    "CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",
    "LAST-ACK", "TIME-WAIT", "UNCONNECTED",
)  # fmt: skip
FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
PROTOCOLS = ("tcp", "udp", "unix")
WIRE_PROTOCOLS = ("tcp", "udp", "icmp", "icmp6", "arp", "other")
TIMERS = ("retransmit", "keepalive", "time-wait", "zero-window-probe")
FD_KINDS = ("socket", "pipe", "file", "epoll", "eventfd", "other")
CALL_STATUS = ("held", "entered", "returned")
FATES = ("in-flight", "held", "delivered", "dropped")
ERRORS = tuple(sorted(set(ERRNO.values())))


def _split(endpoint: str, part: Literal["address", "port"]) -> str | int | None:
    """The address or the port of ``10.0.0.4:7``, ``[::1]:7``, ``*:7`` or ``*:*``, where the port is 0."""
    ip, colon, port = endpoint.rpartition(":")
    if not colon:
        return endpoint if part == "address" else None
    if part == "address":
        return ip.removeprefix("[").removesuffix("]")
    return int(port) if port.isdecimal() else 0


def _text(data: str) -> str:
    return base64.b64decode(data).decode(errors="replace")


def _sent_data(call: CallView) -> str | None:
    buffer = call.entered.args.get("buffer")
    data = buffer.get("data") if isinstance(buffer, dict) else None
    return _text(data) if isinstance(data, str) else None


def _call_data(call: CallView) -> str | None:
    returned = call.returned.data if call.returned is not None else None
    return _text(returned) if returned is not None else _sent_data(call)


def _argument(name: str) -> Callable[[CallView], Answer]:
    def get(call: CallView) -> Answer:
        value = call.entered.args.get(name)
        if isinstance(value, list):
            return frozenset(str(item) for item in value)
        return value if isinstance(value, str | int) else None

    return get


def _result(name: str) -> Callable[[CallView], Answer]:
    def get(call: CallView) -> Answer:
        value: Answer = getattr(call.returned, name, None)
        return value

    return get


def _call_address(call: CallView) -> Answer:
    given = call.entered.args.get("address")
    return given if isinstance(given, str) else _result("address")(call)


def _endpoint_fields(name: str, get: Callable[[V], str], what: str) -> dict[str, Field[V]]:
    return {
        name: Field("text", f"{what}: address and port, such as 10.0.0.4:7", get),
        f"{name}_address": Field("text", f"the address in `{name}`", lambda view: _split(get(view), "address")),
        f"{name}_port": Field("number", f"the port in `{name}`; 0 if there is none", lambda v: _split(get(v), "port")),
    }


def _first_fd(row: Socket) -> Answer:
    return row["owners"][0]["fd"] if row["owners"] else None


def _timer(name: Literal["name", "retransmits"]) -> Callable[[Socket], Answer]:
    def get(row: Socket) -> Answer:
        timer = row.get("timer")
        return timer[name] if timer else None

    return get


def _moment_host(moment: MomentView) -> Answer:
    if moment.call is not None:
        return moment.call.host
    return moment.packet.source_host if moment.packet is not None else None


def _moment_flags(moment: MomentView) -> Answer:
    return frozenset(moment.packet.flags) if moment.packet is not None else None


def _moment_protocol(moment: MomentView) -> Answer:
    return moment.packet.protocol if moment.packet is not None else None


def _status(call: CallView) -> str:
    if call.held:
        return "held"
    return "returned" if call.returned is not None else "entered"


_SOCKET: dict[str, Field[Socket]] = {
    "host": Field("host", "the host whose kernel has it", lambda s: s["host"]),
    "protocol": Field("text", "tcp, udp or unix", lambda s: s["protocol"], PROTOCOLS),
    "family": Field("text", "inet, inet6 or unix", lambda s: s["family"], ("inet", "inet6", "unix")),
    "state": Field("text", "its state by RFC 9293; UNCONNECTED for udp", lambda s: s["state"], TCP_STATES),
    **_endpoint_fields("local", lambda s: s["local"], "the local end"),
    **_endpoint_fields("remote", lambda s: s["remote"], "the remote end"),
    "inode": Field("number", "its inode; 0: no file descriptor names it yet", lambda s: s["inode"]),
    "recv_queue": Field("number", "bytes to be read; LISTEN: waiting connections", lambda s: s["recv_queue"]),
    "send_queue": Field("number", "bytes not yet acknowledged; LISTEN: the backlog", lambda s: s["send_queue"]),
    "owners": Field("number", "how many file descriptors name it", lambda s: len(s["owners"])),
    "process": Field("process", "a program that has it open", lambda s: [o["pid"] for o in s["owners"]]),
    "fd": Field("number", "the number that its first owner has for it", _first_fd),
    "timer": Field("text", "the timer that runs", _timer("name"), TIMERS),
    "retransmits": Field("number", "how often it has sent again", _timer("retransmits")),
    "v6only": Field("flag", "whether an IPv6 socket takes IPv6 alone", lambda s: s.get("v6only")),
}  # fmt: skip

_PROCESS: dict[str, Field[ProcessView]] = {
    "host": Field("host", "where it runs", lambda p: p.entry["host"]),
    "process": Field("process", "its name in the lab; its children are meant too", lambda p: [p.pid]),
    "program": Field("text", "its program: echo_server, python3, nginx", lambda p: p.entry["program"]),
    "command": Field("text", "its command line", lambda p: " ".join(p.entry["argv"])),
    "status": Field("text", "running or exited", lambda p: p.entry["status"], ("running", "exited")),
    "code": Field("number", "its exit code", lambda p: p.entry.get("code")),
    "signal": Field("text", "the signal that ended it, such as SIGKILL", lambda p: p.entry.get("signal")),
    "child": Field("flag", "whether another process forked it", lambda p: p.entry.get("parent") is not None),
    "fds": Field("number", "how many file descriptors it has open", lambda p: len(p.entry["fds"])),
    "credentials": Field("text", "user or admin", lambda p: p.entry["credentials"], ("user", "admin")),
}  # fmt: skip

_FD: dict[str, Field[FdView]] = {
    "host": Field("host", "where its process runs", lambda f: f.host),
    "process": Field("process", "whose table it is in", lambda f: [f.pid]),
    "fd": Field("number", "its number", lambda f: f.fd),
    "kind": Field("text", "socket, pipe, file, epoll, eventfd or other", lambda f: f.entry["kind"], FD_KINDS),
    "path": Field("text", "the path, for a file", lambda f: f.entry.get("path")),
}  # fmt: skip

_CALL: dict[str, Field[CallView]] = {
    "host": Field("host", "where it was made", lambda c: c.entered.host),
    "process": Field("process", "who made it", lambda c: [c.entered.pid]),
    "name": Field("text", "the call, as strace names it: accept4, not accept", lambda c: c.entered.name, TRACED),
    "status": Field("text", "held (not entered yet), entered (not back yet), or returned", _status, CALL_STATUS),
    "error": Field("text", "the errno that it came back with: EADDRINUSE", _result("error"), ERRORS),
    "result": Field("number", "what it returned", _result("result")),
    "new_fd": Field("number", "the file descriptor that it made", _result("new_fd")),
    "bytes": Field("number", "how many bytes it moved", _result("bytes")),
    "data": Field("text", "the first 64 bytes that it moved, as text", _call_data),
    "fd": Field("number", "the file descriptor that it was given", _argument("fd")),
    "address": Field("text", "the address that it was given or, if none, that it gave back", _call_address),
    "backlog": Field("number", "listen(): the backlog that was asked for", _argument("backlog")),
    "option": Field("text", "setsockopt() and getsockopt(): the option", _argument("option")),
    "family": Field("text", "socket(): AF_INET, AF_INET6, AF_UNIX", _argument("family")),
    "type": Field("text", "socket(): SOCK_STREAM, SOCK_DGRAM", _argument("type")),
    "how": Field("text", "shutdown(): SHUT_RD, SHUT_WR, SHUT_RDWR", _argument("how")),
    "flags": Field("set", "its flags", _argument("flags")),
    "path": Field("text", "open(): the path", _argument("path")),
}  # fmt: skip

_PACKET: dict[str, Field[PacketView]] = {
    "protocol": Field("text", "tcp, udp, icmp, icmp6, arp or other", lambda p: p.sent.protocol, WIRE_PROTOCOLS),
    "source_host": Field("host", "who sent it", lambda p: p.sent.source_host),
    "target_host": Field("host", "whom it is for", lambda p: p.sent.target_host),
    **_endpoint_fields("source", lambda p: p.sent.source, "where it comes from"),
    **_endpoint_fields("destination", lambda p: p.sent.destination, "where it goes"),
    "flags": Field("set", "its TCP flags, exactly: SYN, or [SYN, ACK]", lambda p: frozenset(p.sent.flags), FLAGS),
    "length": Field("number", "bytes of payload", lambda p: p.sent.length),
    "window": Field("number", "the receive window that it announces, as in its header", lambda p: p.sent.window),
    "status": Field("text", "in-flight, held, delivered or dropped", lambda p: p.status, FATES),
    "repeat": Field("flag", "whether it is sent again (or a copy)", lambda p: p.sent.repeats is not None),
    "loopback": Field("flag", "whether it stays on its host", lambda p: p.sent.loopback),
}  # fmt: skip

_OUTPUT: dict[str, Field[LineView]] = {
    "host": Field("host", "where it was printed", lambda o: o.host),
    "process": Field("process", "who printed it", lambda o: [o.pid]),
    "stream": Field("text", "stdout or stderr", lambda o: o.stream, ("stdout", "stderr")),
    "text": Field("text", "the line", lambda o: o.text),
}  # fmt: skip

_MOMENT: dict[str, Field[MomentView]] = {
    "kind": Field("text", "syscall or packet", lambda m: m.kind, ("syscall", "packet")),
    "host": Field("host", "the host of the call, or the sender of the packet", _moment_host),
    "process": Field("process", "who is about to make the call", lambda m: [m.call.pid] if m.call else []),
    "call": Field("text", "the call: accept4", lambda m: m.call.name if m.call else None, TRACED),
    "flags": Field("set", "the packet's TCP flags, exactly", _moment_flags, FLAGS),
    "protocol": Field("text", "the packet's protocol", _moment_protocol, WIRE_PROTOCOLS),
}  # fmt: skip

_SYSCTL: dict[str, Field[SysctlView]] = {
    "host": Field("host", "whose it is", lambda s: s.host),
    "name": Field("text", "its name: net.ipv4.ip_local_port_range", lambda s: s.name),
    "value": Field("text", "its value", lambda s: s.value),
}  # fmt: skip

FIELDS: dict[Subject, dict[str, Field[Any]]] = {
    "socket": _SOCKET,
    "process": _PROCESS,
    "fd": _FD,
    "call": _CALL,
    "packet": _PACKET,
    "output": _OUTPUT,
    "moment": _MOMENT,
    "sysctl": _SYSCTL,
}
"""Subject → field. Any: which view a getter takes, the subject says."""


def known(view: View, fields: Iterable[str], subject: Subject) -> dict[str, str | int | bool]:
    """The fields of a view that have a value and can be shown to a person."""
    shown: dict[str, str | int | bool] = {}
    for name in fields:
        field = FIELDS[subject][name]
        value = None if field.kind == "process" else field.get(view)
        if isinstance(value, frozenset):
            shown[name] = ",".join(sorted(value))
        elif value is not None:
            shown[name] = value
    return shown
