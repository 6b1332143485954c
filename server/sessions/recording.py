"""A recording: a sandbox's log as a file that replays exactly as it ran.

The file is JSON Lines. The first line says what it is, the others are the log's lines, byte for byte.
A name that ends in ``.gz`` is compressed. Reading checks every line, because a recording may come from
anywhere.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import msgspec

from server.errors import BadRequestError
from server.events import decode_entry

FORMAT = 1
"""The format that is written, and the highest that is read."""

MAX_LINE = 16 * 1024 * 1024
"""A longer line is no event."""


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a recording."""

    recording: int
    title: str = ""


def write(path: Path, lines: Iterable[bytes], title: str = "") -> int:
    """Save log lines as a recording.

    Returns:
        How many events it holds.
    """
    count = 0
    with _open(path, "wb") as file:
        file.write(msgspec.json.encode(Header(recording=FORMAT, title=title)) + b"\n")
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count


def read(path: Path) -> Iterator[bytes]:
    """The log lines of a recording, each checked. A file without the first line is read too.

    Raises:
        BadRequestError: It is no recording; the message names the line.
    """
    try:
        with _open(path, "rb") as file:
            yield from _checked(file, path)
    except (OSError, EOFError, zlib.error) as error:  # what gzip says of a file that is cut or no gzip at all
        raise BadRequestError(f"{path.name} cannot be read: {error}", "Name another file, or record again.") from None


def _checked(file: IO[bytes], path: Path) -> Iterator[bytes]:
    due = 1
    for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), 1):
        text = line.rstrip(b"\r\n")
        if number == 1 and not text.startswith(b'{"seq"'):
            _check_header(text, path)
        elif text:
            _check_entry(text, due, f"{path.name}, line {number}")
            due += 1
            yield text


def _check_header(line: bytes, path: Path) -> None:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequestError(
            f"{path.name} is no recording: its first line is neither an event nor a heading.",
            "Make one with `socketlab trace --record FILE`.",
        ) from None
    if not 1 <= header.recording <= FORMAT:
        raise BadRequestError(
            f"{path.name} has format {header.recording}; this Socketlab reads up to {FORMAT}.", "Update Socketlab."
        )


def _check_entry(line: bytes, due: int, where: str) -> None:
    try:
        seq = decode_entry(line).seq
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError(f"{where} is no event: {error}", "The file may be cut or edited.") from None
    if seq != due:
        raise BadRequestError(f"{where} has seq {seq}, but {due} is due.", "The file may be cut or edited.")


def _open(path: Path, mode: str) -> IO[bytes]:
    opener = gzip.open if path.suffix == ".gz" else open
    return cast("IO[bytes]", opener(path, mode))
