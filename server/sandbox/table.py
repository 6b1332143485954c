"""The kernel's socket table, read through sock_diag(7), as events: appeared, changed, vanished.

When to read. A whole dump of a quiet host costs some 100 µs, a dump of 20,000 sockets tens of ms, so:

* While a person steps (any pace but live), a host is read after each call that returned on it and
  after each packet that it sent or got: what they see is the table at that very moment.
* In live pace, calls that make or end sockets read the table too, as long as reading takes less than a
  fifth of the time (a burst may take more: what was not spent is saved up, to 20 ms). Segments that move
  a connection from one state to the next (SYN, the ACK that completes a handshake, FIN, RST) read just
  the one socket that they are for; that costs the same at any number of connections. Everything else
  marks the host, and it is read when the loop is idle.
* Rows that change by themselves (TIME-WAIT, retransmissions) are looked at each second.

A socket that is neither bound nor connected is in no table of the kernel (``unlisted``).
"""

from __future__ import annotations

from typing import Final, Literal, TypeVar

from server import events as ev
from server.deciders.conductor import Conductor
from server.inet import sockdiag
from server.inet.packets import Packet
from server.inet.sockdiag import Row
from server.inet.syscalls import Call
from server.linux import netlink
from server.sandbox.hosts import Host
from server.sandbox.journal import Journal
from server.sandbox.owners import Owners
from server.sandbox.unlisted import asked_by_descriptor

_Protocol = Literal["tcp", "udp", "unix"]
_RowEvent = TypeVar("_RowEvent", bound=ev.SocketAppeared | ev.SocketChanged | ev.SocketVanished)
# TCP sockets that are bound and nothing else are asked for apart: for them the kernel walks the machine's one table
# of bound ports. Measured in an idle host: 540 µs a family, against 14 µs for all other TCP sockets together.
_BOUND_STATE: Final = 1 << 13
_OTHER_STATES: Final = sockdiag.ALL_STATES & ~_BOUND_STATE
_BOUND_DUMPS: Final[tuple[tuple[_Protocol, bytes], ...]] = (
    ("tcp", sockdiag.tcp_request("inet", _BOUND_STATE)),
    ("tcp", sockdiag.tcp_request("inet6", _BOUND_STATE)),
)
_DUMPS: Final[tuple[tuple[_Protocol, bytes], ...]] = (
    ("tcp", sockdiag.tcp_request("inet", _OTHER_STATES)),
    ("tcp", sockdiag.tcp_request("inet6", _OTHER_STATES)),
    ("udp", sockdiag.udp_request("inet")),
    ("udp", sockdiag.udp_request("inet6")),
    ("unix", sockdiag.unix_request()),
)
_PASSING: Final = frozenset(
    {"TIME-WAIT", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK", "CLOSING"}
)
_REPEATING: Final = frozenset({"retransmit", "zero-window-probe"})
_SHARE: Final = 5  # whole reads may take one part in so many of the time
_SAVED_NS: Final = 20_000_000  # and so much more at once
_SOON_NS: Final = 20_000_000
_EVERY_NS: Final = 1_000_000_000
_STILL_NS: Final = 1_000_000_000  # an expiry that moved by less is the same timer


class _Known:
    """A socket that the log has told of: its last row, when its timer ends (ns), and where the row came from.

    ``ended``: the kernel has it no longer, but the call that closed its last descriptor has not returned yet.
    """

    __slots__ = ("ended", "expires_t", "owners", "row", "source")

    def __init__(self, row: Row, expires_t: int, source: Literal["sock_diag", "getsockopt"]) -> None:
        self.row = row
        self.expires_t = expires_t
        self.source: Literal["sock_diag", "getsockopt"] = source
        self.owners: list[ev.Owner] = []
        self.ended = False


class _HostTable:
    """What is known of one host's sockets.

    Attributes:
        bound: TCP sockets that are bound, and neither listen nor are connected.
        has_bound: A call has bound a socket since the last whole read.
        repeating: TCP sockets that have sent something again and have no answer yet.
    """

    __slots__ = (
        "bound",
        "buffer",
        "dirty_since",
        "has_bound",
        "host",
        "known",
        "last_read",
        "messages",
        "passing",
        "repeating",
        "spent_until",
        "unix",
    )

    def __init__(self, host: Host) -> None:
        self.host = host
        self.known: dict[str, _Known] = {}
        self.messages: dict[bytes, bytes] = {}
        self.passing: set[str] = set()
        self.repeating: set[str] = set()
        self.bound: set[str] = set()
        self.has_bound = False
        self.unix: dict[int, str] = {}
        self.buffer = bytearray(1 << 16)
        self.dirty_since: int | None = None
        self.spent_until = 0
        self.last_read = 0


class Table:
    """The socket tables of all hosts of a sandbox.

    Args:
        journal: Where the events go.
        conductor: Says whether somebody steps.
        owners: Which descriptors name a socket.
    """

    def __init__(self, journal: Journal, conductor: Conductor, owners: Owners) -> None:
        self._journal = journal
        self._conductor = conductor
        self._owners = owners
        self._hosts: dict[str, _HostTable] = {}

    # -- what the others call

    def attach(self, host: Host) -> None:
        """Watch a host's sockets."""
        self._hosts[host.name] = _HostTable(host)

    def before_fd(self, host: str, process: int, fd: int, cookie: str) -> bool:
        """A descriptor is about to be shown: its socket must have appeared.

        Args:
            host: Where.
            process: The pidfd of the process.
            fd: The descriptor.
            cookie: Its socket's cookie.

        Returns:
            Whether it has; not so for sockets that are neither TCP nor UDP nor unix, which no dump is asked for.
        """
        table = self._hosts[host]
        if cookie in table.known:
            return True
        row = asked_by_descriptor(process, fd)
        if row is None:
            return False
        if row.protocol == "unix":
            self._dump(table, _DUMPS[4:])
        elif row.local != "*:*":
            self._look_up(table, row.family, row.protocol, row.local, row.remote)
        if cookie not in table.known:
            self._learn(table, row, "getsockopt")
        return True

    def after_call(self, host: str, call: Call, cookie: str | None) -> None:
        """A call has been made: bring up to date what it may have changed.

        Args:
            host: Where.
            call: The call's row.
            cookie: The socket that it made or worked on, if any.
        """
        table = self._hosts[host]
        if call.name == "bind":
            table.has_bound = True
        if call.changes_sockets or self._conductor.pace != "live":
            self._after_change(table, cookie)
        elif cookie is not None:
            self._mark(table, self._journal.now())
        self._tell_owners(table)

    def after_closing(self, host: str) -> None:
        """A process has ended or executed another program: sockets that it alone had are closed."""
        table = self._hosts[host]
        self._after_change(table, None)
        self._tell_owners(table)

    def after_packet(self, host: str, packet: Packet) -> None:
        """A packet has been delivered: bring up to date the socket that it was for."""
        table = self._hosts[host]
        if self._conductor.pace != "live":
            self._read(table)
            return
        if packet.protocol == "tcp" and packet.source_port is not None:
            flags = packet.flags
            family: Literal["inet", "inet6"] = "inet6" if packet.destination.startswith("[") else "inet"
            if "SYN" in flags or "FIN" in flags or "RST" in flags:
                self._look_up(table, family, "tcp", packet.destination, packet.source)
            elif table.passing and not packet.length and self._completes(table, packet):
                self._look_up(table, family, "tcp", packet.destination, packet.source)
                self._look_up(table, family, "tcp", packet.destination, "*:*" if family == "inet" else "[::]:*")
        self._mark(table, self._journal.now())

    def after_sent(self, host: str) -> None:
        """A host has sent a packet: its own socket may be in another state (SYN-SENT, FIN-WAIT-1)."""
        table = self._hosts[host]
        if self._conductor.pace != "live":
            self._read(table)
        else:
            self._mark(table, self._journal.now())

    def read_due(self, t: int, *, idle: bool) -> None:
        """Read the hosts whose time has come.

        Args:
            t: Now (ns).
            idle: The loop had nothing else to do.
        """
        for table in self._hosts.values():
            marked = table.dirty_since is not None and (idle or t - table.dirty_since > _SOON_NS)
            if (marked or (table.passing and t - table.last_read > _EVERY_NS)) and t >= table.spent_until:
                self._read(table)
                self._tell_owners(table)

    def next_due(self) -> int | None:
        """When ``read_due`` has something to do (ns), or None."""
        times = [
            max(table.spent_until, table.dirty_since + _SOON_NS)
            if table.dirty_since is not None
            else max(table.spent_until, table.last_read + _EVERY_NS)
            for table in self._hosts.values()
            if table.dirty_since is not None or table.passing
        ]
        return min(times, default=None)

    def repeating(self) -> set[str]:
        """The hosts that have sent something again without an answer yet, or may have since they were read."""
        return {name for name, table in self._hosts.items() if table.repeating or table.dirty_since is not None}

    # -- reading

    def _mark(self, table: _HostTable, t: int) -> None:
        if table.dirty_since is None:
            table.dirty_since = t

    def _read(self, table: _HostTable) -> None:
        """Read all of a host's sockets and tell what is new."""
        start = self._journal.now()
        seen = self._dump(table, _DUMPS)
        gone = [raw for raw in table.messages if raw not in seen]
        if table.has_bound or table.bound or any(self._owners.any(_cookie(raw)) for raw in gone):
            # What was connected or listened, and has an owner still, may be merely bound now.
            table.has_bound = False
            seen |= self._dump(table, _BOUND_DUMPS)
            gone = [raw for raw in gone if raw not in seen]
        for raw in gone:
            del table.messages[raw]
            self._gone(table, _cookie(raw))
        table.dirty_since = None
        table.last_read = end = self._journal.now()
        saved = max(table.spent_until, end - _SAVED_NS)
        table.spent_until = saved + _SHARE * (end - start)

    def _dump(self, table: _HostTable, dumps: tuple[tuple[_Protocol, bytes], ...]) -> set[bytes]:
        seen: set[bytes] = set()
        messages = table.messages
        for protocol, request in dumps:
            at = slice(8, 16) if protocol == "unix" else slice(44, 52)
            for datagram in netlink.dump(table.host.diag, request, table.buffer):
                for message in sockdiag.split(datagram):
                    cookie = message[at]
                    seen.add(cookie)
                    if messages.get(cookie) != message:
                        messages[cookie] = message
                        row = sockdiag.decode_row(message, protocol)
                        if row is not None:
                            self._learn(table, row, "sock_diag")
        return seen

    def _look_up(self, table: _HostTable, family: str, protocol: str, local: str, remote: str) -> None:
        """Read the one socket with this five-tuple."""
        if family not in ("inet", "inet6") or protocol not in ("tcp", "udp"):
            return
        try:
            request = sockdiag.exact_request(protocol, family, local, remote)  # type: ignore[arg-type]
            table.host.diag.send(request)
            messages = list(sockdiag.split(table.host.diag.recv(65536)))
        except (OSError, ValueError):
            return  # no such socket: the next whole read tells what became of it
        for message in messages:
            cookie = sockdiag.cookie_of(message)
            if table.messages.get(cookie) != message:
                table.messages[cookie] = message
                row = sockdiag.decode_row(message, protocol)  # type: ignore[arg-type]
                if row is not None:
                    self._learn(table, row, "sock_diag")

    def _completes(self, table: _HostTable, packet: Packet) -> bool:
        """Whether a bare ACK may complete a handshake or a close: its socket is in a passing state."""
        local, remote = packet.destination, packet.source
        return any(
            (known := table.known[cookie].row).remote == remote and known.local == local
            for cookie in list(table.passing)[:64]
        )

    # -- telling

    def _after_change(self, table: _HostTable, cookie: str | None) -> None:
        """The kernel's table is not what it was: read it, or (in live pace, soon after a read) the one socket."""
        t = self._journal.now()
        if self._conductor.pace != "live" or t >= table.spent_until:
            self._read(table)
            return
        self._mark(table, t)
        known = table.known.get(cookie or "")
        if known is not None and known.row.protocol != "unix" and not known.row.local.endswith(":*"):
            self._look_up(table, known.row.family, known.row.protocol, known.row.local, known.row.remote)

    def _learn(self, table: _HostTable, row: Row, source: Literal["sock_diag", "getsockopt"]) -> None:
        cookie = str(row.cookie)
        expires_t = self._journal.now() + row.expires_ms * 1_000_000 if row.timer else 0
        known = table.known.get(cookie)
        if known is None:
            known = table.known[cookie] = _Known(row, expires_t, source)
            appeared = True
        else:
            known.ended = False
            same_timer = abs(known.expires_t - expires_t) < _STILL_NS
            if same_timer and known.source == source and _unlike_timer(known.row) == _unlike_timer(row):
                return
            known.row, known.expires_t, known.source = row, expires_t, source
            appeared = False
        if row.protocol == "unix":
            table.unix[row.inode] = cookie
        (table.passing.add if row.state in _PASSING else table.passing.discard)(cookie)
        repeats = row.retransmits > 0 and row.timer in _REPEATING
        (table.repeating.add if repeats else table.repeating.discard)(cookie)
        is_bound = row.protocol == "tcp" and row.state == "CLOSED" and row.local != "*:*"
        (table.bound.add if is_bound else table.bound.discard)(cookie)
        known.owners = self._owners.of(cookie)
        self._owners.changed.discard(cookie)
        event = self._event(ev.SocketAppeared if appeared else ev.SocketChanged, table, known)
        self._journal.emit(event)

    def _tell_owners(self, table: _HostTable) -> None:
        """Tell of the sockets whose descriptors changed since the last time."""
        for cookie in [cookie for cookie in self._owners.changed if cookie in table.known]:
            self._owners.changed.discard(cookie)
            known = table.known[cookie]
            owners = self._owners.of(cookie)
            if not owners and (known.source == "getsockopt" or known.ended):
                self._vanish(table, cookie)
            elif owners != known.owners:
                known.owners = owners
                self._journal.emit(self._event(ev.SocketChanged, table, known))

    def _gone(self, table: _HostTable, cookie: str) -> None:
        """A socket is in no dump any more: it ended, or it only went back to where no table lists it."""
        if cookie not in table.known:
            return
        owner = self._owners.any(cookie)
        if owner is None:
            self._vanish(table, cookie)
            return
        process = self._owners.pidfds.get(owner[0])
        row = asked_by_descriptor(process, owner[1]) if process is not None else None
        if row is not None and str(row.cookie) == cookie:
            self._learn(table, row, "getsockopt")
        else:
            table.known[cookie].ended = True  # close() or exit is under way: first the descriptor goes, then the socket

    def _vanish(self, table: _HostTable, cookie: str) -> None:
        known = table.known.pop(cookie)
        table.passing.discard(cookie)
        table.repeating.discard(cookie)
        table.bound.discard(cookie)
        table.unix.pop(known.row.inode, None)
        self._owners.changed.discard(cookie)
        known.owners = self._owners.of(cookie)
        self._journal.emit(self._event(ev.SocketVanished, table, known))

    def _event(self, kind: type[_RowEvent], table: _HostTable, known: _Known) -> _RowEvent:
        row = known.row
        timer = None
        if row.timer is not None:
            timer = ev.Timer(name=row.timer, expires_t=known.expires_t, retransmits=row.retransmits)
        return kind(
            host=table.host.name,
            socket=str(row.cookie),
            family=row.family,
            protocol=row.protocol,
            state=row.state,
            local=row.local,
            remote=row.remote,
            inode=row.inode,
            recv_queue=row.recv_queue,
            send_queue=row.send_queue,
            owners=known.owners,
            timer=timer,
            # 0 is nobody's: no root exists in a sandbox, and a record in TIME-WAIT has no user any more.
            uid=(row.uid or None) if known.source == "sock_diag" else None,
            peer=table.unix.get(row.peer_inode) if row.peer_inode else None,
            v6only=row.v6only,
            source=known.source,
        )


def _cookie(raw: bytes) -> str:
    """A cookie as events name it."""
    return str(int.from_bytes(raw, "little"))


def _unlike_timer(row: Row) -> Row:
    return row._replace(expires_ms=0)
