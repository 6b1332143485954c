"""A recording of several logs (format 2): a lab run's and its sandbox's, in one file, in the order to show them in.

The first line says which logs there are; each further line is an event that names its log. ``seq`` counts without gaps
within each log. A lab run's event comes behind the event of the sandbox that it stands on, so whoever reads the file
from the top sees what happened before what was made of it. A file of format 1 is read as one log.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from server.errors import BadRequestError
from server.events import decode_entry
from server.lab_events import decode_lab_entry
from server.sessions import recording

FORMAT = 2
_GZIP = 31
"""zlib's ``wbits`` for the gzip format."""
ONLY = "sandbox"
"""What the log of a file of format 1 is called."""

Kind = Literal["sandbox", "lab", "room"]


class LogHeader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a recording says of one log.

    Attributes:
        kind: What it is a log of.
        lab: For a lab run: the lab's name.
        edition: What its files were.
        files: Its folder: name → text, ``lab.md`` among them.
    """

    kind: Kind
    lab: str = ""
    edition: str = ""
    files: dict[str, str] = {}


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a recording of several logs: the logs by id, what it shows, when it was saved (ISO 8601)."""

    format: int
    logs: dict[str, LogHeader]
    title: str = ""
    made: str = ""


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of every line first."""

    log: str


class _Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a lab run's event stands."""

    sandbox: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Logs:
    """A recording that was read and checked: what it says of itself, and each log's lines without its name."""

    header: Header
    lines: Mapping[str, Sequence[bytes]]

    def described(self, kind: Kind) -> LogHeader | None:
        """What is said of the last log of a kind; None if there is none."""
        return self.header.logs.get(self.of(kind))

    def of(self, kind: Kind) -> str:
        """The id of the last log of a kind; empty if there is none."""
        return next((log for log in reversed(self.header.logs) if self.header.logs[log].kind == kind), "")


_decode_named = msgspec.json.Decoder(_Named).decode
_decode_standing = msgspec.json.Decoder(_Standing).decode


def heading(logs: Mapping[str, LogHeader], title: str = "") -> Header:
    """The heading of a recording that is saved now."""
    return Header(format=FORMAT, logs=dict(logs), title=title, made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def ordered(lines: Mapping[str, Sequence[bytes]], header: Header) -> Iterator[bytes]:
    """The lines of all logs in the order of the file, each with the name of its log."""
    given = {log: iter(lines[log]) for log in header.logs if header.logs[log].kind == "sandbox" and log in lines}
    count = dict.fromkeys(given, 0)
    for log in (log for log in header.logs if log not in given and log in lines):
        for line in lines[log]:
            standing = _decode_standing(line)
            while standing.sandbox in given and count[standing.sandbox] < standing.at:
                before = next(given[standing.sandbox], None)
                if before is None:
                    break
                count[standing.sandbox] += 1
                yield _named(standing.sandbox, before)
            yield _named(log, line)
    for log, rest in given.items():
        yield from (_named(log, line) for line in rest)


def _named(log: str, line: bytes) -> bytes:
    return b'{"log":%b,%b' % (msgspec.json.encode(log), line[1:])


def compressed(lines: Mapping[str, Sequence[bytes]], header: Header) -> Iterator[bytes]:
    """A recording as a gzip stream, in pieces."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    for line in (msgspec.json.encode(header), *ordered(lines, header)):
        if piece := packer.compress(line + b"\n"):
            yield piece
    yield packer.flush()


def write(path: Path, lines: Mapping[str, Sequence[bytes]], header: Header) -> int:
    """Save logs as one file; a name that ends in ``.gz`` is compressed. Returns how many events it holds."""
    count = 0
    with recording.open_to_write(path) as file:
        file.write(msgspec.json.encode(header) + b"\n")
        for line in ordered(lines, header):
            file.write(line + b"\n")
            count += 1
    return count


def read(path: Path) -> Logs:
    """A recording of either format, each line of it checked.

    Raises:
        BadRequestError: It is no recording; the message names the line.
    """
    header = read_header(path)
    if header is None:
        one = recording.read_header(path)
        known = Header(format=1, logs={ONLY: LogHeader(kind="sandbox")}, title=one.title, made=one.made)
        return Logs(known, {ONLY: list(recording.read(path))})
    lines: dict[str, list[bytes]] = {log: [] for log in header.logs}
    for number, line in enumerate(recording.raw_lines(path), 1):
        if number > 1 and line:
            _take(line, header, lines, f"{path.name}, line {number}")
    if not any(lines.values()):
        raise BadRequestError(f"{path.name} holds no event.", recording.MADE_WITH)
    return Logs(header, lines)


def read_header(path: Path) -> Header | None:
    """What a recording of several logs says of itself; None: it is not one of format 2.

    Raises:
        BadRequestError: It cannot be read, or has a format of the future.
    """
    first = next(iter(recording.raw_lines(path)), b"")
    if not first.startswith(b'{"format"'):
        return None
    try:
        header = msgspec.json.decode(first, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError(
            f"{path.name} has a first line that is no heading: {error}", recording.MADE_WITH
        ) from None
    if header.format != FORMAT:
        what = f"{path.name} has format {header.format}; this Socketlab reads up to {FORMAT}."
        raise BadRequestError(what, "Update Socketlab.")
    return header


def _take(line: bytes, header: Header, lines: Mapping[str, list[bytes]], where: str) -> None:
    hint = "The file was cut or edited. Record again."
    try:
        log = _decode_named(line).log
        prefix = b'{"log":%b,' % msgspec.json.encode(log)
        if log not in lines or not line.startswith(prefix):
            raise BadRequestError(f"{where} names a log that the first line does not.", hint)
        plain = b"{" + line[len(prefix) :]
        decode = decode_lab_entry if header.logs[log].kind == "lab" else decode_entry
        seq = decode(plain).seq
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError(f"{where} is no event: {error}", hint) from None
    due = len(lines[log]) + 1
    if seq != due:
        raise BadRequestError(f"{where} has seq {seq} in log {log}, but {due} is due.", hint)
    lines[log].append(plain)
