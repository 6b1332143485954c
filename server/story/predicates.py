"""What the rules ask of an event, by name. ``static/js/story/predicates.js`` answers the same names the same way.

Each predicate gets what is known before the event, and the event.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast

from server import events as ev
from server.inet.addresses import UNNAMED
from server.inet.syscalls import CALLS, RECEIVING, WAITING
from server.story.slots import last_line, shown
from server.story.told import NOT_YET, CallEvent, PacketEvent, Told, connection, plain, said_as

TOOLS: Final = frozenset(("ip", "lsof", "netstat", "nstat", "ss"))
"""Programs that look at the others; what they do for that is no part of the story."""
WEIGHTY: Final = frozenset(("accept", "bind", "listen", "shutdown"))
"""Calls whose failure is told of any socket; of those that move bytes it is told of sockets only."""
DISCOVERY: Final = frozenset((133, 134, 135, 136, 137, 143))
"""Types of ICMPv6 by which hosts find each other (RFC 4861, RFC 3810): no part of the story."""
LIBRARY: Final = "/nscd/"
"""In the path of a socket that the C library connects to, and no program."""
STATES: Final = ("LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT",
                 "LAST-ACK", "CLOSING", "TIME-WAIT", "CLOSED")  # fmt: skip
_INDENTED = re.compile(r"(?:\A|\n)[ \t][^\n]*\n?\Z")
HANDING: Final = frozenset(call.name for call in CALLS.values() if call.bytes == "out")

Predicate = Callable[[Told, ev.Event], bool]
OfCall = Callable[[Told, CallEvent], bool]
OfRow = Callable[[Told, ev.SocketRow], bool]
OfPacket = Callable[[Told, PacketEvent], bool]
OfSent = Callable[[Told, ev.PacketSent], bool]


# --- calls ------------------------------------------------------------------------------------


def _said_as(name: str) -> OfCall:
    return lambda told, event: said_as(told.call(event)[0]) == name


def _one_of(names: frozenset[str]) -> OfCall:
    return lambda told, event: told.call(event)[0] in names


def _stream(told: Told, event: CallEvent) -> bool:
    row, address = told.socket_of(event), shown(told.call(event)[1].get("address"))
    if row is None:
        return False
    return LIBRARY not in address if row["protocol"] == "unix" else row["protocol"] == "tcp"


def _datagram(told: Told, event: CallEvent) -> bool:
    row = told.socket_of(event)
    return row is not None and row["protocol"] == "udp"


def _connected(told: Told, event: CallEvent) -> bool:
    row = told.socket_of(event)
    if row is None:
        return False
    if row["protocol"] == "unix":
        return told.cookie_of(event) in told.joined
    return row["protocol"] == "tcp" and connection(row["local"], row["remote"]) != ""


def _serves(told: Told, event: CallEvent) -> bool:
    process = told.process(event.pid)
    rows = [told.state["sockets"].get(entry["socket"] or "") for entry in process["fds"].values()] if process else []
    return any(row is not None and row["state"] == "LISTEN" for row in rows)


def _tcp_made(told: Told, event: CallEvent) -> bool:
    args = told.call(event)[1]
    return args.get("type") == "SOCK_STREAM" and args.get("family") in ("AF_INET", "AF_INET6")


def _weighty(told: Told, event: CallEvent) -> bool:
    name, _ = told.call(event)
    return said_as(name) in WEIGHTY or (name in RECEIVING | HANDING and told.cookie_of(event) != "")


_CALLS: Final[dict[str, OfCall]] = {
    "accepting": _said_as("accept"),
    "closing": _said_as("close"),
    "connecting": _said_as("connect"),
    "making": _said_as("socket"),
    "shutting": _said_as("shutdown"),
    "handing": _one_of(HANDING),
    "taking": _one_of(RECEIVING),
    "polling": _one_of(WAITING),
    "serves": _serves,
    "first_wait": lambda told, event: told.wait_of(event) not in told.waits,
    "on_socket": lambda told, event: told.cookie_of(event) != "",
    "stream": _stream,
    "datagram": _datagram,
    "connected": _connected,
    "tcp_made": _tcp_made,
    "weighty": _weighty,
}
_RETURNS: Final[dict[str, Callable[[Told, ev.SyscallReturned], bool]]] = {
    "nothing": lambda told, event: event.result == 0,
    "failed": lambda told, event: event.error is not None,
    "refused": lambda told, event: event.error == "ECONNREFUSED",
    "in_progress": lambda told, event: event.error == "EINPROGRESS",
    "not_yet": lambda told, event: event.error in NOT_YET,
    "unnamed": lambda told, event: event.address in (None, UNNAMED),
    "ungiven": lambda told, event: told.cookie(event.pid, event.new_fd) not in told.handed,
}


# --- rows of the socket table -----------------------------------------------------------------


def _in(state: str) -> OfRow:
    return lambda told, event: event.state == state


def _turned(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    return before is not None and before["state"] != event.state


def _newly_bound(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    if before is None or before["local"] == event.local or event.protocol == "unix":
        return False
    processes = [told.process(owner.pid) for owner in event.owners]
    return any(call["name"] == "bind" for process in processes if process for call in process["calls"].values())


def _taken(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    alive = event.protocol == "tcp" and event.state in ("ESTABLISHED", "CLOSE-WAIT")
    return before is not None and alive and not before["owners"] and bool(event.owners)


def _shared(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    return before is not None and 0 < len(before["owners"]) < len(event.owners)


def _from_request(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    return before is not None and not before["owners"]


def _filled(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    return before is not None and before["recv_queue"] <= before["send_queue"] < event.recv_queue


def _more_bytes(told: Told, event: ev.SocketRow) -> bool:
    before = told.before(event)
    holds = event.protocol == "udp" or (event.protocol == "tcp" and event.state == "ESTABLISHED")
    return before is not None and holds and event.recv_queue > before["recv_queue"]


_ROWS: Final[dict[str, OfRow]] = {
    **{f"in_{state.lower().replace('-', '_')}": _in(state) for state in STATES},
    "turned": _turned,
    "tcp": lambda told, event: event.protocol == "tcp",
    "made": lambda told, event: event.inode != 0,
    "unowned": lambda told, event: not event.owners,
    "from_request": _from_request,
    "newly_bound": _newly_bound,
    "taken": _taken,
    "untold": lambda told, event: event.socket not in told.handed,
    "shared": _shared,
    "filled": _filled,
    "more_bytes": _more_bytes,
}


# --- packets ----------------------------------------------------------------------------------


def _kind(kind: str) -> OfPacket:
    def holds(told: Told, event: PacketEvent) -> bool:
        segment = told.segment(event)
        return segment is not None and segment.kind == kind

    return holds


def _across(told: Told, event: PacketEvent) -> bool:
    segment = told.segment(event)
    return segment is not None and not segment.loopback


_PACKETS: Final[dict[str, OfPacket]] = {
    **{kind: _kind(kind) for kind in ("syn", "synack", "ack", "data", "fin", "rst", "udp", "icmp")},
    "known": lambda told, event: told.segment(event) is not None,
    "across": _across,
    "told": lambda told, event: event.packet in told.told,
    "copied": lambda told, event: event.packet in told.copies,
}
_SENT: Final[dict[str, OfSent]] = {
    "copy": lambda told, event: told.is_copy(event),
    "repeat": lambda told, event: event.repeats is not None,
    "third": lambda told, event: told.opening(event) == (plain(event.source), "synack"),
    "refusal": lambda told, event: told.opening(event) == (plain(event.destination), "syn"),
    "discovery": lambda told, event: event.info is not None and event.info.get("type") in DISCOVERY,
}


# --- hosts and programs -----------------------------------------------------------------------

_HOSTS: Final[dict[str, Callable[[Told, ev.HostAdded], bool]]] = {
    "running": lambda told, event: bool(told.state["processes"]),
}
_PARAMETERS: Final[dict[str, Callable[[Told, ev.SysctlChanged], bool]]] = {
    "unasked": lambda told, event: event.why is not None,
}
_OF_PROCESS = ev.ProcessExecuted | ev.ProcessOutput | ev.ProcessExited | ev.SyscallEntered | ev.SyscallReturned
_PROCESSES: Final[dict[str, Callable[[Told, _OF_PROCESS], bool]]] = {
    "tool": lambda told, event: told.program(event.pid) in TOOLS,
}
_STARTS: Final[dict[str, Callable[[Told, ev.ProcessStarted], bool]]] = {
    "forked": lambda told, event: event.parent is not None,
}


def _goes_on(event: ev.ProcessOutput) -> bool:
    """An indented line of an error, such as a traceback's: what it comes to is still to be printed."""
    return event.stream == "stderr" and _INDENTED.search(event.text) is not None


_OUTPUTS: Final[dict[str, Callable[[Told, ev.ProcessOutput], bool]]] = {
    "wordy": lambda told, event: last_line(event.text) != "" and not _goes_on(event),
}
_EXITS: Final[dict[str, Callable[[Told, ev.ProcessExited], bool]]] = {
    "by_signal": lambda told, event: event.signal is not None,
    "nonzero": lambda told, event: event.code not in (None, 0),
}

OF: Final[dict[str, tuple[object, ...]]] = {
    "host.added": (_HOSTS,),
    "sysctl.changed": (_PARAMETERS,),
    "process.started": (_STARTS,),
    "process.executed": (_PROCESSES,),
    "process.output": (_PROCESSES, _OUTPUTS),
    "process.exited": (_PROCESSES, _EXITS),
    "syscall.entered": (_PROCESSES, _CALLS),
    "syscall.blocked": (_PROCESSES, _CALLS),
    "syscall.returned": (_PROCESSES, _CALLS, _RETURNS),
    "socket.appeared": (_ROWS,),
    "socket.changed": (_ROWS,),
    "socket.vanished": (_ROWS,),
    "packet.sent": (_PACKETS, _SENT),
    "packet.held": (_PACKETS,),
    "packet.delivered": (_PACKETS,),
    "packet.dropped": (_PACKETS,),
}
"""Type of event → the tables of predicates that may be asked of it; of other types none.

"""


def predicates_of(tag: str) -> dict[str, Predicate]:
    """What may be asked of events of one type, by name."""
    found: dict[str, Predicate] = {}
    for table in OF.get(tag, ()):
        found |= cast("dict[str, Predicate]", table)
    return found
