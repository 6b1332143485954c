"""A condition as a person would say it: "server has 2 sockets in LISTEN at port 7". Pure.

Each subject has its sentence, and each field a clause in it. A condition with a field that has no clause is told as the
checks tell it (``conditions.describe``), so that nothing of it is left out.
"""

from __future__ import annotations

from collections.abc import Callable

from server.inet.syscalls import CALLS
from server.lessons.conditions import describe
from server.lessons.query import Condition, Pattern, Rows, Selection

_PACKETS = {
    "": "packet",
    "tcp": "TCP segment",
    "udp": "UDP datagram",
    "icmp": "ICMP message",
    "icmp6": "ICMPv6 message",
}
"""Protocol → what one of its packets is called."""
_NUMBERS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def said(condition: Condition) -> str:
    """The condition as a clause: what must be so."""
    if not isinstance(condition, Rows) or not _is_plain(condition):
        return describe(condition)
    fields = {one.field: _value(one) for one in condition.selection.patterns}
    number = condition.at_least if condition.at_most in (None, condition.at_least) else -1
    words = _SENTENCES[condition.selection.subject](fields, number) if number >= 0 else ""
    return words if words and not fields else describe(condition)


def called(name: str) -> str:
    """A call, as the program that makes it would name it."""
    return CALLS[name].said_as if name in CALLS else name


def about_to(moments: Selection) -> str:
    """What waits for a person, as a clause."""
    said_of = {pattern.field: str(pattern.value) for pattern in moments.patterns if pattern.operator == "like"}
    match said_of:
        case {"process": who, "call": call}:
            return f"{who} is about to call {called(call)}()"
        case {"flags": flags}:
            return f"a packet with {flags} is about to arrive"
        case {}:
            return "what has waited longest"
        case _:
            return describe(Rows(selection=moments))


def _is_plain(condition: Rows) -> bool:
    return all(one.operator in ("like", "contains") or _is_least(one) for one in condition.selection.patterns)


def _is_least(pattern: Pattern) -> bool:
    return pattern.field == "recv_queue" and pattern.operator == "at_least"


def _value(pattern: Pattern) -> str:
    join = " and " if pattern.field == "flags" else " or "
    values = pattern.value if isinstance(pattern.value, tuple) else (pattern.value,)
    said_so = join.join(map(str, values)).replace("*", "…")
    return f"{said_so} or more" if pattern.operator == "at_least" else said_so


def _many(number: int, noun: str) -> str:
    """Such as "a socket", "no socket", "two sockets", "12 sockets"."""
    amount = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    article = "an" if number == 1 and noun[0] in "AEIO" else amount
    return f"{article} {noun}{'s' if number > 1 else ''}"


def _socket(fields: dict[str, str], number: int) -> str:
    """That sockets are there; takes from the fields what it says."""
    protocol = fields.pop("protocol", "")
    noun = f"{protocol.upper()} socket" if protocol else "socket"
    host = fields.pop("host", "")
    state = fields.pop("state", "")
    parts = [f"{host} has {_many(number, noun)}" if host else f"there {_are(number)} {_many(number, noun)}"]
    parts += [f"in {state}"] if state else []
    clauses: dict[str, Callable[[str], str]] = {
        "process": "of {}".format,
        "local_port": "at port {}".format,
        "remote": "connected to {}".format,
        "remote_address": "with {} at the other end".format,
        "remote_port": "with port {} at the other end".format,
        "recv_queue": lambda value: f"with {_waiting(state, value)}",
        "timer": "whose {} timer runs".format,
    }
    parts += [clause(fields.pop(name)) for name, clause in clauses.items() if name in fields]
    if fields.get("owners", "").isdigit():
        parts.append(f"that {_descriptors(fields.pop('owners'))}")
    if fields.get("inode") == "0":
        del fields["inode"]
        parts.append("that no file descriptor names")
    return " ".join(parts) + (" any more" if number == 0 else "")


def _are(number: int) -> str:
    return "is" if number < 2 else "are"


def _waiting(state: str, amount: str) -> str:
    """What a receive queue of so much is."""
    if not amount.isdigit():
        return f"{amount} {'connections that wait for accept()' if state == 'LISTEN' else 'bytes to be read'}"
    if state == "LISTEN":
        return f"{_many(int(amount), 'connection')} that wait{'s' if amount == '1' else ''} for accept()"
    return f"{amount} byte{'s' if amount != '1' else ''} to be read"


def _descriptors(owners: str) -> str:
    return f"{_many(int(owners), 'file descriptor')} name{'' if int(owners) > 1 else 's'}"


def _packet(fields: dict[str, str], number: int) -> str:
    status = fields.pop("status", "sent")
    protocol, flags = fields.pop("protocol", ""), fields.pop("flags", "")
    again = " again" if fields.get("repeat") == "True" else ""
    if again:
        del fields["repeat"]
    noun = _PACKETS.get(protocol, f"{protocol} packet")
    parts = [_many(number, noun)]
    clauses = {
        "length": "with {} bytes",
        "window": "with a window of {}",
        "source": "from {}",
        "source_host": "from {}",
        "source_port": "from port {}",
        "target_host": "to {}",
        "destination": "to {}",
        "destination_port": "to port {}",
    }
    parts += [f"with {flags}"] if flags else []
    parts += [clause.format(fields.pop(name)) for name, clause in clauses.items() if name in fields]
    have = "has" if number < 2 else "have"
    did = {"held": f"{_are(number)} held on the wire", "delivered": f"{have} arrived", "sent": f"{have} been sent"}
    return f"{' '.join(parts)} {did.get(status, f'{have} been {status}')}{again}"


def _call(fields: dict[str, str], number: int) -> str:
    name, status = called(fields.pop("name", "")), fields.pop("status", "")
    host = fields.pop("host", "")
    who = fields.pop("process", "") or (f"a program of {host}" if host else "a program")
    if not name:
        return ""
    fd = fields.pop("fd", "")
    times = f" {'twice' if number == 2 else f'{number} times'}" if number > 1 else ""
    if status in ("returned", ""):
        if "error" in fields:
            return f"{name}({fd}) of {who} has failed{times}: {fields.pop('error')}"
        if "new_fd" in fields:
            return f"{name}({fd}) has given {who} the file descriptor {fields.pop('new_fd')}{times}"
        if "data" in fields:
            return f"{name}({fd}) has given {who} “{fields.pop('data')}”{times}"
    if status == "entered":
        return f"{who} waits in {name}({fd}){times}"
    return f"{name}({fd}) of {who} has returned{times}" if status == "returned" else ""


def _process(fields: dict[str, str], number: int) -> str:
    who, status = fields.pop("process", ""), fields.pop("status", "")
    itself = " itself" if fields.get("child") == "False" else ""
    if itself:
        del fields["child"]
    if not who or status not in ("exited", "running"):
        return ""
    if number == who.count(" or ") + 1:
        who = who.replace(" or ", " and ")
    elif number > 1:
        who = f"{_NUMBERS[number] if number < len(_NUMBERS) else number} processes of {who}"
    many = " and " in who or number > 1
    return f"{who}{itself} {'have' if many else 'has'} {'ended' if status == 'exited' else 'started'}"


def _output(fields: dict[str, str], number: int) -> str:
    if not {"process", "text"} <= fields.keys():
        return ""
    times = "" if number == 1 else f" {'twice' if number == 2 else f'{number} times'}"
    return f"{fields.pop('process')} prints “{fields.pop('text')}”{times}"


def _none(_fields: dict[str, str], _number: int) -> str:
    return ""


def _moment(fields: dict[str, str], number: int) -> str:
    patterns = tuple(Pattern(name, "like", value) for name, value in fields.items())
    fields.clear()
    return about_to(Selection(subject="moment", patterns=patterns)) if number == 1 else ""


_SENTENCES: dict[str, Callable[[dict[str, str], int], str]] = {
    "socket": _socket,
    "packet": _packet,
    "call": _call,
    "process": _process,
    "output": _output,
    "moment": _moment,
    "fd": _none,
    "sysctl": _none,
}
