"""Calls as strace shows them, in the words of our own events: the same names, the same values.

This is written from strace's manual and from the events' documentation, not from our decoders: it is the other
opinion. A form that it does not know is an error, so nothing is compared by accident.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.judges.strace_text import Change, Fd, Line, Named, value, values

SHOWN = 64
_MAKING = ("clone", "fork", "vfork")  # by the man pages, not by our table
_CLOCKS = {"CLOCK_REALTIME": 0, "CLOCK_MONOTONIC": 1}


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of one thread. ``kind`` says what its descriptor points to; ``child`` whom it made."""

    name: str
    args: dict[str, Any]
    result: dict[str, Any]
    kind: str = ""
    fd: int = -1
    child: int = 0


def call_of(line: Line) -> Call:
    """One line of strace as a call."""
    args, result = FORMS[line.name](line)
    first = line.args[0] if line.args else None
    fd = first if isinstance(first, Fd) else None
    outcome: dict[str, Any] = {"error": line.error} if line.error else {"result": line.result}
    if line.error or line.result is None:
        result = {}
    child = line.result if line.name in _MAKING and line.result else 0
    return Call(line.name, args, outcome | result, _kind(fd), fd.number if fd else -1, child)


def _kind(fd: Fd | None) -> str:
    if fd is None:
        return ""
    for start, kind in (("socket:", "socket"), ("pipe:", "pipe"), ("anon_inode:[eventpoll]", "epoll"), ("/", "file")):
        if fd.target.startswith(start):
            return kind
    return "other"


# -- pieces


def _int(raw: Any) -> int:
    if isinstance(raw, Fd):
        return raw.number
    assert isinstance(raw, int), raw
    return raw


def _before(raw: Any) -> Any:
    return raw.before if isinstance(raw, Change) else raw


def _after(raw: Any) -> Any:
    return raw.after if isinstance(raw, Change) else raw


def _flags(raw: Any) -> list[str]:
    return [] if raw == 0 else str(raw).split("|")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw[:SHOWN]).decode()


def _text(raw: Any) -> str:
    assert isinstance(raw, bytes), raw
    return raw.decode()


def _address(raw: Any) -> str:
    """An address in our form; strace writes the members of ``struct sockaddr_…``."""
    family = raw["sa_family"]
    if family == "AF_INET":
        return f"{_text(raw['sin_addr'].args[0])}:{raw['sin_port'].args[0]}"
    if family == "AF_INET6":
        pton = next(member for member in raw.values() if isinstance(member, Named) and member.name == "inet_pton")
        scope = raw.get("sin6_scope_id", 0)
        assert scope == 0, raw
        return f"[{_text(pton.args[1])}]:{raw['sin6_port'].args[0]}"
    if family == "AF_UNIX":
        return _text(raw["sun_path"]).rstrip("\0") if "sun_path" in raw else "(unnamed)"
    if family == "AF_UNSPEC":
        return "AF_UNSPEC"
    if family == "AF_NETLINK":
        return "netlink"
    raise ValueError(raw)


def _room(line: Line, at: int) -> dict[str, int]:
    """How much room a program gives for an address; nothing where it does not want one."""
    if line.args[at] == "NULL":
        return {}
    length = _before(line.args[at + 1])
    assert isinstance(length, list), line
    return {"addrlen": min(_before(length[0]), 128)}


def _named(line: Line, at: int) -> dict[str, str]:
    return {"address": _address(line.args[at])} if isinstance(line.args[at], dict) else {}


def _pieces(vector: list[dict[str, Any]], *, shown: bool) -> dict[str, Any]:
    if not all(isinstance(piece["iov_base"], bytes) for piece in vector):
        return {"decoded": True}  # netlink messages
    fields: dict[str, Any] = {"length": sum(piece["iov_len"] for piece in vector)}
    if len(vector) != 1:
        fields["pieces"] = len(vector)
    if shown:
        fields["data"] = _base64(b"".join(piece["iov_base"] for piece in vector))
    return fields


def _gathered(vector: list[dict[str, Any]], length: int) -> str:
    return _base64(b"".join(p["iov_base"] for p in vector if isinstance(p["iov_base"], bytes))[:length])


def _milliseconds(raw: Any) -> Any:
    """A timespec or timeval; None for NULL."""
    raw = _before(raw)
    if raw == "NULL":
        return None
    milliseconds = raw["tv_sec"] * 1000 + raw.get("tv_nsec", raw.get("tv_usec", 0) * 1000) / 1e6
    return int(milliseconds) if milliseconds.is_integer() else milliseconds


# -- forms: (what goes in, what comes out)

_Form = tuple[dict[str, Any], dict[str, Any]]


def _socket(line: Line) -> _Form:
    family, kind, protocol = line.args[:3]
    first, *flags = str(kind).split("|")
    args = {"family": family, "type": first, "flags": flags, "protocol": protocol}
    if line.name == "socketpair":
        return args, {"values": {"fds": [_int(fd) for fd in line.args[3]] if not line.error else []}}
    return args, {"new_fd": line.result}


def _fd_and_address(line: Line) -> _Form:
    return {"fd": _int(line.args[0]), "address": _address(line.args[1])}, {}


def _accept(line: Line) -> _Form:
    args = {"fd": _int(line.args[0])} | _room(line, 1)
    if line.name == "accept4":
        args["flags"] = _flags(line.args[3])
    return args, {"new_fd": line.result} | _named(line, 1)


def _name(line: Line) -> _Form:
    return {"fd": _int(line.args[0])} | _room(line, 1), _named(line, 1)


def _option(line: Line) -> _Form:
    level, option = line.args[1:3]
    args = {"fd": _int(line.args[0]), "level": level, "option": option}
    given = line.args[3]
    if isinstance(given, list) and len(given) == 1:
        (given,) = given
    if line.name == "setsockopt":
        return args | {"value": given}, {}
    return args, {"values": {"value": given}}


def _sendto(line: Line) -> _Form:
    data = _base64(line.args[1]) if isinstance(line.args[1], bytes) else "decoded"  # netlink messages
    buffer = {"length": line.args[2], "data": data}
    args = {"fd": _int(line.args[0]), "buffer": buffer, "flags": _flags(line.args[3])}
    return args | _named(line, 4), {"bytes": line.result}


def _received(line: Line) -> dict[str, Any]:
    return {"bytes": line.result, "data": _base64(line.args[1])} if isinstance(line.args[1], bytes) else {}


def _recvfrom(line: Line) -> _Form:
    args = {"fd": _int(line.args[0]), "buffer": {"length": line.args[2]}, "flags": _flags(line.args[3])}
    return args | _room(line, 4), _received(line) | _named(line, 4)


def _read(line: Line) -> _Form:
    return {"fd": _int(line.args[0]), "buffer": {"length": line.args[2]}}, _received(line)


def _write(line: Line) -> _Form:
    buffer = {"length": line.args[2], "data": _base64(line.args[1])}
    return {"fd": _int(line.args[0]), "buffer": buffer}, {"bytes": line.result}


def _readv(line: Line) -> _Form:
    args = {"fd": _int(line.args[0]), "buffer": _pieces(line.args[1], shown=False)}
    return args, {"bytes": line.result, "data": _gathered(line.args[1], line.result or 0)} if not line.error else {}


def _writev(line: Line) -> _Form:
    return {"fd": _int(line.args[0]), "buffer": _pieces(line.args[1], shown=True)}, {"bytes": line.result}


def _at_position(form: Callable[[Line], _Form]) -> Callable[[Line], _Form]:
    def with_position(line: Line) -> _Form:
        args, result = form(line)
        return args | {"offset": line.args[3], "flags": _flags(line.args[4])}, result

    return with_position


def _sendfile(line: Line) -> _Form:
    args = {"out_fd": _int(line.args[0]), "in_fd": _int(line.args[1]), "count": line.args[3]}
    if line.args[2] != "NULL":
        args["offset"] = _before(line.args[2])[0]
    return args, {"bytes": line.result}


def _control(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for message in raw:
        assert message["cmsg_type"] == "SCM_RIGHTS", message
        fds = [_int(fd) for fd in message["cmsg_data"]]
        found.append({"level": message["cmsg_level"], "type": message["cmsg_type"], "fds": fds})
    return found


def _sendmsg(line: Line) -> _Form:
    header = line.args[1]
    args = {"fd": _int(line.args[0]), "flags": _flags(line.args[2]), "buffer": _pieces(header["msg_iov"], shown=True)}
    if isinstance(header["msg_name"], dict):
        args["address"] = _address(header["msg_name"])
    if "msg_control" in header:
        args["control"] = _control(header["msg_control"])
    return args, {"bytes": line.result}


def _recvmsg(line: Line) -> _Form:
    header = line.args[1]
    args = {"fd": _int(line.args[0]), "flags": _flags(line.args[2])}
    if line.error:
        return args, {}
    args["buffer"] = _pieces(header["msg_iov"], shown=False)
    result = {"bytes": line.result, "data": _gathered(header["msg_iov"], line.result or 0)}
    if isinstance(header["msg_name"], dict):
        result["address"] = _address(header["msg_name"])
    found: dict[str, Any] = {}
    if header["msg_flags"] != 0:
        found["flags"] = _flags(header["msg_flags"])
    if "msg_control" in header:
        found["control"] = _control(header["msg_control"])
    return args, result | ({"values": found} if found else {})


def _poll(line: Line) -> _Form:
    fds = [{"fd": _int(each["fd"]), "events": _flags(each.get("events", 0))} for each in line.args[0]]
    timeout = _milliseconds(line.args[2]) if line.name == "ppoll" else line.args[2]
    ready = []
    if line.result:
        got, *_ = values(line.extra or "")
        ready = [{"fd": _int(each["fd"]), "events": _flags(each["revents"])} for each in got]
    return {"fds": fds, "nfds": line.args[1], "timeout_ms": timeout}, {"values": {"ready": ready}}


def _select(line: Line) -> _Form:
    names = ("read", "write", "except")
    given = {name: [_int(fd) for fd in fds] for name, fds in zip(names, line.args[1:4], strict=True) if fds != "NULL"}
    after: dict[str, list[int]] = {name: [] for name in given}
    if line.result:
        for name, word in (("read", "in "), ("write", "out "), ("except", "except ")):
            at = (line.extra or "").find(word)
            if at >= 0:
                after[name] = [_int(fd) for fd in value((line.extra or "")[at + len(word) :])]
    args = {"nfds": line.args[0], **given, "timeout_ms": _milliseconds(line.args[4])}
    return args, {"values": after}


def _epoll_create1(line: Line) -> _Form:
    return {"flags": _flags(line.args[0])}, {"new_fd": line.result}


def _epoll_create(line: Line) -> _Form:
    return {"size": line.args[0]}, {"new_fd": line.result}


def _data(raw: dict[str, int]) -> int | str:
    whole = raw["u64"]
    return whole if whole < 1 << 32 else hex(whole)


def _epoll_ctl(line: Line) -> _Form:
    args = {"epfd": _int(line.args[0]), "op": line.args[1], "fd": _int(line.args[2])}
    if line.args[1] != "EPOLL_CTL_DEL":
        args |= {"events": _flags(line.args[3]["events"]), "data": _data(line.args[3]["data"])}
    return args, {}


def _epoll_wait(line: Line) -> _Form:
    args = {"epfd": _int(line.args[0]), "maxevents": line.args[2], "timeout_ms": line.args[3]}
    got = line.args[1] if isinstance(line.args[1], list) else []
    ready = [{"events": _flags(each["events"]), "data": _data(each["data"])} for each in got]
    return args, {"values": {"ready": ready}}


def _fd_only(line: Line) -> _Form:
    return {"fd": _int(line.args[0])}, {"new_fd": line.result} if line.name == "dup" else {}


def _dup2(line: Line) -> _Form:
    args = {"oldfd": _int(line.args[0]), "newfd": _int(line.args[1])}
    if line.name == "dup3":
        args["flags"] = _flags(line.args[2])
    return args, {"new_fd": line.result}


def _fcntl(line: Line) -> _Form:
    command = line.args[1]
    args: dict[str, Any] = {"fd": _int(line.args[0]), "cmd": command}
    if command == "F_SETOWN":
        return args | {"arg": hex(line.args[2])}, {}
    if command in ("F_SETFD", "F_SETFL"):
        args["arg"] = _flags(line.args[2])
    elif command in ("F_DUPFD", "F_DUPFD_CLOEXEC"):
        return args | {"arg": line.args[2]}, {"new_fd": line.result}
    elif command in ("F_GETFD", "F_GETFL"):
        return args, {"values": {"flags": _flags(line.extra.removeprefix("flags ") if line.extra else 0)}}
    return args, {}


def _pipe(line: Line) -> _Form:
    result = {"values": {"fds": [_int(fd) for fd in line.args[0]]}} if not line.error else {}
    return ({"flags": _flags(line.args[1])} if line.name == "pipe2" else {}), result


def _clone(line: Line) -> _Form:
    (given,) = (each["flags"] for each in line.args if isinstance(each, dict) and "flags" in each)
    flags = _flags(given)
    signals = [flag for flag in flags if flag.startswith("SIG")]
    args: dict[str, Any] = {"flags": [flag for flag in flags if flag not in signals]}
    return args | ({"exit_signal": signals[0]} if signals else {}), {}


def _clock_nanosleep(line: Line) -> _Form:
    args = {"clockid": _CLOCKS[line.args[0]], "request_ms": _milliseconds(line.args[2])}
    return args | ({"flags": _flags(line.args[1])} if line.args[1] != 0 else {}), {}


FORMS: dict[str, Callable[[Line], _Form]] = {
    "socket": _socket,
    "socketpair": _socket,
    "bind": _fd_and_address,
    "connect": _fd_and_address,
    "listen": lambda line: ({"fd": _int(line.args[0]), "backlog": line.args[1]}, {}),
    "accept": _accept,
    "accept4": _accept,
    "getsockname": _name,
    "getpeername": _name,
    "setsockopt": _option,
    "getsockopt": _option,
    "shutdown": lambda line: ({"fd": _int(line.args[0]), "how": line.args[1]}, {}),
    "sendto": _sendto,
    "recvfrom": _recvfrom,
    "sendmsg": _sendmsg,
    "recvmsg": _recvmsg,
    "read": _read,
    "write": _write,
    "readv": _readv,
    "writev": _writev,
    "preadv2": _at_position(_readv),
    "pwritev2": _at_position(_writev),
    "sendfile": _sendfile,
    "poll": _poll,
    "ppoll": _poll,
    "select": _select,
    "pselect6": _select,
    "epoll_create": _epoll_create,
    "epoll_create1": _epoll_create1,
    "epoll_ctl": _epoll_ctl,
    "epoll_wait": _epoll_wait,
    "epoll_pwait": _epoll_wait,
    "close": _fd_only,
    "dup": _fd_only,
    "dup2": _dup2,
    "dup3": _dup2,
    "fcntl": _fcntl,
    "pipe": _pipe,
    "pipe2": _pipe,
    "clone": _clone,
    "fork": lambda _: ({}, {}),
    "vfork": lambda _: ({}, {}),
    "wait4": lambda line: ({"pid": line.args[0]}, {}),
    "nanosleep": lambda line: ({"request_ms": _milliseconds(line.args[0])}, {}),
    "clock_nanosleep": _clock_nanosleep,
    "exit": lambda line: ({"status": line.args[0]}, {}),
    "exit_group": lambda line: ({"status": line.args[0]}, {}),
}

NOT_COMPARED = {
    "clone3": "a sandbox answers ENOSYS, so that programs use clone",
    "close_range": "no program of the scenarios makes it",
    "epoll_pwait2": "no program of the scenarios makes it",
    "pause": "it has no arguments, and returns only for a signal",
    "recvmmsg": "no program of the scenarios makes it",
    "restart_syscall": "strace shows no arguments, only that it resumes",
    "sendmmsg": "no program of the scenarios makes it",
}
"""Calls of the table without a form, each with its reason; a scenario that makes one fails until it has one."""
