"""What ``strace -xx -y`` prints, as values: a small parser that accepts its whole grammar and guesses nothing.

* Strings become ``bytes``, numbers ``int``, ``[…]`` lists.
* ``{…}`` becomes a dictionary, where members without a name are numbered; so does ``flags=…`` among arguments.
* ``f(x)`` becomes a ``Named``, ``3<socket:[7]>`` an ``Fd``, ``a => b`` a ``Change``.
* Every other word (names of constants, flags joined by ``|``) stays the ``str`` that it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9_@.+\-?&*~]+(?:[|<]{1,2}(?=[A-Za-z0-9_])[A-Za-z0-9_]+)*")
_MEMBER = re.compile(r"(\w+)=(?![=>])")
_NUMBER = re.compile(r"-?(?:0x[0-9a-f]+|[0-9]+)$")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}
_KILLED = re.compile(r"<unfinished \.\.\.>\)?(?: *= \?)?$")
_LINE = re.compile(r"(\w+)\(")
_RESULT = re.compile(r"\) *= (\?|-?(?:0x)?[0-9a-f]+)(<[^>]*>)?(?: (E[A-Z0-9]+))?(?: \((.*)\))?$")


@dataclass(frozen=True, slots=True)
class Fd:
    """A descriptor and what it points to."""

    number: int
    target: str


@dataclass(frozen=True, slots=True)
class Named:
    """``htons(80)`` and its like."""

    name: str
    args: list[Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a place held before and after the call."""

    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Line:
    """One system call: ``result`` is None where strace prints a question mark; ``extra`` is what follows it."""

    name: str
    args: list[Any]
    result: int | None
    error: str | None
    extra: str | None


def lines(text: str) -> list[Line]:
    """The calls of one thread's output (``strace -ff``), without signals, exits, and the call that its end cut off."""
    told = [each for each in text.splitlines() if not each.startswith(("---", "+++"))]
    return [line(each) for each in told if not _KILLED.search(each)]


def line(text: str) -> Line:
    """One call."""
    begin = _LINE.match(text)
    if begin is None:
        raise ValueError(f"no call: {text}")
    parser = _Parser(text, begin.end())
    args = parser.values(")")
    end = _RESULT.match(text, parser.at - 1)
    if end is None:
        raise ValueError(f"no result: {text}")
    value, _, error, extra = end.groups()
    return Line(begin[1], args, None if value == "?" else int(value, 0), error, extra)


def value(text: str) -> Any:
    """One value that stands alone, such as what follows a result."""
    return _Parser(text, 0).value()


def values(text: str) -> list[Any]:
    """Values between commas, up to the end."""
    return _Parser(text + ")", 0).values(")")


def _unescape(raw: str) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        hexadecimal, octal, simple = match.groups()
        if hexadecimal is not None:
            return bytes([int(hexadecimal, 16)])
        return bytes([int(octal, 8)]) if octal is not None else _SIMPLE.get(simple, simple)

    return _ESCAPE.sub(one, raw.encode("latin-1"))


class _Parser:
    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def values(self, end: str) -> list[Any]:
        found: list[Any] = []
        while True:
            self._space()
            if self._take(end):
                return found
            member = _MEMBER.match(self.text, self.at)
            if member is not None:
                self.at = member.end()
                found.append({member[1]: self.value()})
            else:
                found.append(self.value())
            self._space()
            self._take(",")

    def value(self) -> Any:
        first = self._one()
        self._space()
        if self._take("=>"):
            self._space()
            return Change(first, self.value())
        return first

    def _one(self) -> Any:
        if self._take('"'):
            return self._string()
        if self._take("@"):
            self._take('"')
            return b"@" + self._string()
        if self._take("["):
            return self.values("]")
        if self._take("{"):
            return self._members()
        if self._take("=="):
            return "=="
        word = _WORD.match(self.text, self.at)
        if word is None:
            raise ValueError(f"at {self.at}: {self.text}")
        self.at = word.end()
        if self._take("("):
            return Named(word[0], self.values(")"))
        is_number = _NUMBER.match(word[0]) is not None
        if is_number and self.text.startswith("<", self.at):
            end = self.text.index(">", self.at)
            target = _unescape(self.text[self.at + 1 : end]).decode(errors="replace")
            self.at = end + 1
            return Fd(int(word[0]), target)
        return int(word[0], 0) if is_number and not re.match(r"0[0-9]", word[0]) else word[0]

    def _string(self) -> bytes:
        end = self.at
        while self.text[end] != '"':
            end += 2 if self.text[end] == "\\" else 1
        raw = _unescape(self.text[self.at : end])
        self.at = end + 1
        self._take("...")
        return raw

    def _members(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        while True:
            self._space()
            if self._take("}"):
                return found
            if self._take("..."):
                continue
            member = _MEMBER.match(self.text, self.at)
            if member is not None:
                self.at = member.end()
            found[member[1] if member is not None else len(found)] = self.value()
            self._space()
            self._take(",")

    def _space(self) -> None:
        while True:
            while self.text.startswith(" ", self.at):
                self.at += 1
            if not self.text.startswith("/*", self.at):
                return
            self.at = self.text.index("*/", self.at) + 2

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False
