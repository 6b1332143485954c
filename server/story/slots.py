"""What the sentences about an event may name, in words. ``static/js/story/slots.js`` finds the same words."""

from __future__ import annotations

import re
from typing import Final

from server import events as ev
from server.json_value import Json
from server.story.names import program_name
from server.story.told import CallEvent, PacketEvent, Segment, Told, connection, plain, port_of, said_as

Slots = dict[str, str]

WILDCARDS: Final = frozenset(("*", "0.0.0.0", "::"))
"""Addresses that stand for every address of a host."""
_LINE: Final = 120
_BLANKS: Final = " \t\r\n"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_ENDPOINT = re.compile(r"([^/]*):([0-9]+)")
_NAMES: Final = {"synack": "SYN ACK", "udp": "datagram", "icmp": "ICMP message"}


def slots_of(told: Told, event: ev.Event) -> Slots:
    """The slots of every message about an event.

    Args:
        told: What is known before it.
        event: The event; of a packet, one that is known.
    """
    match event:
        case ev.SyscallEntered() | ev.SyscallBlocked() | ev.SyscallReturned():
            return _of_call(told, event)
        case ev.SocketRow():
            return _of_row(told, event)
        case ev.PacketSent() | ev.PacketHeld() | ev.PacketDelivered() | ev.PacketDropped():
            return _of_packet(told, event)
        case ev.ProcessStarted():
            who = told.program(event.parent) if event.parent is not None else ""
            name = program_name(event.program, event.argv)
            return {"program": name, "host": event.host, "pid": str(event.pid), "who": who}
        case ev.ProcessExecuted():
            return {"program": program_name(event.program, event.argv), "pid": str(event.pid)}
        case ev.ProcessOutput():
            return {"who": told.speaker(event.pid), "text": last_line(event.text)}
        case ev.ProcessExited():
            ends = {"code": shown(event.code), "signal": event.signal or ""}
            return {"who": told.program(event.pid), "pid": str(event.pid), **ends}
        case ev.HostAdded():
            return {"host": event.host, "addresses": ", ".join(event.addresses)}
        case ev.WireChanged():
            return {"delay": str(event.delay_ms), "loss": str(int(event.loss * 100 + 0.5))}
        case ev.SysctlChanged():
            return {"host": event.host, "name": event.name, "value": event.value}
        case ev.CommandRefused():
            return {"detail": event.detail}
        case ev.ObservationLost():
            return {"host": event.host, "why": event.why}
        case ev.SandboxClosed():
            return {"why": event.why}
    return {}


def subjects_of(told: Told, event: ev.Event) -> set[str]:
    """The packet, call, socket, connection, address and process that an event is about."""
    found: set[str] = set()
    match event:
        case ev.SyscallEntered() | ev.SyscallBlocked() | ev.SyscallReturned():
            cookie, row, to = told.cookie_of(event), told.socket_of(event), told.call(event)[1].get("address")
            found = {f"call {event.call}", f"socket {cookie}"}
            if row is not None and row["protocol"] != "unix":
                found.add(f"connection {connection(row['local'], row['remote'])}")
                found.add(f"to {plain(shown(to))}")
        case ev.SocketRow():
            found = {f"socket {event.socket}"}
            if event.protocol == "udp":
                found.add(f"port {event.host} udp {port_of(event.local)}")
            if event.protocol == "tcp":
                found.add(f"connection {connection(event.local, event.remote)}")
                found.add(f"port {event.host} {port_of(event.local)}")
        case ev.PacketSent() | ev.PacketHeld() | ev.PacketDelivered() | ev.PacketDropped():
            segment = told.segment(event)
            found = {f"packet {event.packet}"}
            if segment is not None and segment.kind not in ("icmp", "other"):
                found.add(f"connection {connection(segment.source, segment.destination)}")
                found.add(f"to {plain(segment.destination)}")
                found.add(f"port {segment.target_host} udp {port_of(segment.destination)}")
        case ev.ProcessStarted() | ev.ProcessExecuted():
            found = {f"process {event.pid}"}
    return found - {"socket ", "connection ", "to "}


def count(number: int, what: str) -> str:
    """A number and its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def last_line(text: str) -> str:
    """The last line of what a program printed, without what a terminal would obey."""
    line = text.strip(_BLANKS).rpartition("\n")[2]
    return _CONTROL.sub(" ", line[:_LINE]).strip(_BLANKS)


def shown(value: Json) -> str:
    """An argument as text; empty if the call has none of that name."""
    return "" if value is None else str(value)


def address_words(address: Json) -> str:
    """An address as people say it; whatever has no port stays as it is."""
    found = _ENDPOINT.fullmatch(plain(shown(address)))
    if found is None:
        return shown(address)
    host, port = found[1].removeprefix("[").removesuffix("]"), found[2]
    where = "every address of this host" if host in WILDCARDS else host
    return f"{where}, any free port" if port == "0" else f"{where}, port {port}"


def _of_call(told: Told, event: CallEvent) -> Slots:
    name, args = told.call(event)
    process = told.process(event.pid)
    slots = {
        "who": told.program(event.pid),
        "host": process["host"] if process else "",
        "call": said_as(name),
        "fd": shown(args.get("fd")),
        "how": shown(args.get("how")),
        "address": address_words(args.get("address")),
    }
    row = told.socket_of(event)
    whole = row is not None and row["protocol"] == "udp"  # UDP keeps what was sent together
    slots["asked"] = "a datagram" if whole else "bytes"
    if isinstance(event, ev.SyscallEntered):
        return slots | {"bytes": f"a datagram of {_handed(args)}" if whole else _handed(args)}
    if isinstance(event, ev.SyscallBlocked):
        return slots
    if event.address is not None:
        slots["address"] = address_words(event.address)
    moved = event.bytes if event.bytes is not None else event.result
    return slots | {"new_fd": shown(event.new_fd), "error": event.error or "", "bytes": count(moved or 0, "byte")}


def _handed(args: ev.Decoded) -> str:
    """How much a call hands over, as far as its arguments say."""
    buffer = args.get("buffer")
    for length in (buffer.get("length") if isinstance(buffer, dict) else None, args.get("length"), args.get("bytes")):
        if isinstance(length, int):
            return count(length, "byte")
    return "its bytes"


def _of_row(told: Told, event: ev.SocketRow) -> Slots:
    before = told.before(event)
    known = {(owner["pid"], owner["fd"]) for owner in before["owners"]} if before else set()
    new = [owner for owner in event.owners if (owner.pid, owner.fd) not in known]
    owner = next(reversed(new or event.owners), None)
    return {
        "host": event.host,
        "protocol": event.protocol.upper(),
        "local": plain(event.local),
        "remote": plain(event.remote),
        "place": _place(event),
        "waiting": str(event.recv_queue),
        "waiting_bytes": count(event.recv_queue, "byte"),
        "owners": str(len(event.owners)),
        "owner_pid": str(owner.pid) if owner else "",
        "owner_fd": str(owner.fd) if owner else "",
    }


def _place(event: ev.SocketRow) -> str:
    """Where a socket listens: its whole local end, for several may have one port. A Unix socket has a name."""
    if event.protocol == "unix":
        return f"at the {'abstract name' if event.local.startswith('@') else 'path'} {event.local}"
    local = plain(event.local)
    address = local.removesuffix(f":{port_of(local)}").removeprefix("[").removesuffix("]")
    return f"on {local} ({address} is the wildcard address)" if address in WILDCARDS else f"on {local}"


def _of_packet(told: Told, event: PacketEvent) -> Slots:
    segment = told.segment(event)
    if segment is None:
        return {}
    target = segment.target_host or "nobody"
    return {
        "source_host": segment.source_host,
        "target_host": target,
        "target": f"{target} port {port_of(segment.destination)}",
        "length": count(segment.length, "byte"),
        "packet": _name_of(segment),
        "why": "" if isinstance(event, ev.PacketSent) else event.why,
    }


def _name_of(segment: Segment) -> str:
    if segment.kind == "data":
        return f"packet with {count(segment.length, 'byte')}"
    if segment.kind == "other":
        return f"{segment.protocol} packet"
    return _NAMES.get(segment.kind, segment.kind.upper())
