"""A recording: a sandbox's log as a file that replays exactly as it ran.

The file is JSON Lines. The first line says what it is, the others are the log's lines, byte for byte.
A name that ends in ``.gz`` is compressed. Reading checks every line, because a recording may come from
anywhere; whether it is compressed is read from its first bytes, because files get renamed.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import msgspec

from server.errors import BadRequestError
from server.events import decode_entry

FORMAT = 1
"""The format that is written, and the highest that is read."""

MAX_LINE = 16 * 1024 * 1024
"""A longer line is no event."""


MADE_WITH = "Make one with `socketlab trace --record FILE`, or with Export on the page."

_EVENT = b'{"seq"'
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31
"""zlib's ``wbits`` for the gzip format."""


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a recording.

    Attributes:
        recording: The format.
        title: What was recorded, for people.
        made: When it was saved: UTC, ISO 8601. Empty if the file does not say.
    """

    recording: int
    title: str = ""
    made: str = ""


def heading(title: str = "") -> Header:
    """The heading of a recording that is saved now."""
    return Header(recording=FORMAT, title=title, made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


class Compressor:
    """Writes a recording as a gzip stream, some lines at a time: for a download or a page that holds it."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)

    def begin(self) -> bytes:
        """What stands before the first line."""
        return self._packer.compress(msgspec.json.encode(self._header) + b"\n")

    def add(self, lines: Iterable[bytes]) -> bytes:
        """The log's next lines; what comes of them may come later."""
        return b"".join(self._packer.compress(line + b"\n") for line in lines)

    def end(self) -> bytes:
        """What stands behind the last line."""
        return self._packer.flush()


def compressed(lines: Iterable[bytes], header: Header) -> Iterator[bytes]:
    """A recording as a gzip stream, in pieces."""
    writer = Compressor(header)
    yield writer.begin()
    for line in lines:
        if piece := writer.add((line,)):
            yield piece
    yield writer.end()


def write(path: Path, lines: Iterable[bytes], title: str = "") -> int:
    """Save log lines as a recording.

    Returns:
        How many events it holds.
    """
    count = 0
    with open_new(path, title) as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count


def open_new(path: Path, title: str = "") -> IO[bytes]:
    """A file that begins as a recording; the log's lines follow, each with its newline."""
    file = open_to_write(path)
    file.write(msgspec.json.encode(heading(title)) + b"\n")
    return file


def read(path: Path) -> Iterator[bytes]:
    """The log lines of a recording, each checked. A file without the first line is read too.

    Raises:
        BadRequestError: It is no recording; the message names the line.
    """
    try:
        with _open_to_read(path) as file:
            yield from _checked(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def read_header(path: Path) -> Header:
    """What a recording says of itself; a file of bare events says nothing.

    Raises:
        BadRequestError: It is no recording.
    """
    try:
        with _open_to_read(path) as file:
            line = file.readline(MAX_LINE).rstrip(b"\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None
    if not line:
        raise _empty(path)
    return Header(recording=FORMAT) if line.startswith(_EVENT) else _check_header(line, path)


def _empty(path: Path) -> BadRequestError:
    return BadRequestError(f"{path.name} holds no event.", MADE_WITH)


def _unreadable(path: Path, error: Exception) -> BadRequestError:
    if isinstance(error, OSError) and error.strerror:
        return BadRequestError(f"{path} cannot be read: {error.strerror}.", "Name another file.")
    # What gzip says of a file that is cut or damaged.
    hint = f"Record again. What is whole can be kept: `zcat {path.name} | sed '$d' > part.jsonl`."
    return BadRequestError(f"{path.name} cannot be read to its end: {error}", hint)


def _checked(file: IO[bytes], path: Path) -> Iterator[bytes]:
    due = 1
    for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), 1):
        text = line.rstrip(b"\r\n")
        if number == 1 and not text.startswith(_EVENT):
            _check_header(text, path)
        elif text:
            _check_entry(text, due, path, number)
            due += 1
            yield text
    if due == 1:
        raise _empty(path)


def _check_header(line: bytes, path: Path) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequestError(
            f"{path.name} is no recording: its first line is neither an event nor a heading.", MADE_WITH
        ) from None
    if not 1 <= header.recording <= FORMAT:
        raise BadRequestError(
            f"{path.name} has format {header.recording}; this Socketlab reads up to {FORMAT}.", "Update Socketlab."
        )
    return header


def _check_entry(line: bytes, due: int, path: Path, number: int) -> None:
    where = f"{path.name}, line {number}"
    keep = f"`zcat -f {path.name} | head -n {number - 1} > part.jsonl` keeps what stands before it"
    hint = f"The file was cut or edited. Record again; {keep}." if due > 1 else f"The file was edited. {MADE_WITH}"
    try:
        seq = decode_entry(line).seq
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError(f"{where} is no event: {error}", hint) from None
    if seq != due:
        raise BadRequestError(f"{where} has seq {seq}, but {due} is due.", hint)


def raw_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file as they are, compressed or not.

    Raises:
        BadRequestError: It cannot be read to its end.
    """
    try:
        with _open_to_read(path) as file:
            for line in iter(lambda: file.readline(MAX_LINE), b""):
                yield line.rstrip(b"\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def open_to_write(path: Path) -> IO[bytes]:
    """A file to write a recording to; compressed if its name ends in ``.gz``."""
    return cast("IO[bytes]", gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb"))


def _open_to_read(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        magic = file.read(2)
    return cast("IO[bytes]", gzip.open(path, "rb") if magic == _GZIP_MAGIC else path.open("rb"))
