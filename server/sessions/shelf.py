"""The recordings that a server shows: files, and folders of them, each under a name for its address.

A file is checked once, when it is first opened, and again when it has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from server.errors import BadRequestError, NotFoundError
from server.sessions import recorded_logs, recording

SUFFIXES = (".jsonl.gz", ".jsonl")
"""How the name of a recording ends."""

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was checked to its end.

    Attributes:
        name: What addresses call it.
        path: Its file.
        header: What the file says of itself.
        events: How many events its sandbox's log holds.
        lab: What it says of the lab run that it holds; None if it holds none.
    """

    name: str
    path: Path
    header: recording.Header
    events: int
    lab: recorded_logs.LogHeader | None = None

    @property
    def title(self) -> str:
        """What was recorded; the name if the file does not say."""
        return self.header.title or self.name

    def lines(self) -> Iterator[bytes]:
        """The lines of the sandbox's log."""
        if self.lab is None:
            yield from recording.read(self.path)
        else:
            logs = recorded_logs.read(self.path)
            yield from logs.lines.get(logs.of("sandbox"), ())

    def compressed(self) -> Iterator[bytes]:
        """The recording as a gzip stream."""
        if self.lab is None:
            yield from recording.compressed(self.lines(), self.header)
        else:
            logs = recorded_logs.read(self.path)
            yield from recorded_logs.compressed(logs.lines, logs.header)


class Shelf:
    """Recordings by name.

    Args:
        places: Files, and folders whose files are recordings if their names say so.
    """

    def __init__(self, places: Iterable[Path] = ()) -> None:
        self._places = tuple(places)
        self._checked: dict[Path, tuple[tuple[int, int], Recording]] = {}

    def titles(self) -> dict[str, str]:
        """What each file says it shows, by its name; no file is checked for that."""
        return {name: _title(name, path) for name, path in sorted(self._files().items())}

    def find(self, name: str) -> Recording:
        """Open a recording.

        Raises:
            NotFoundError: There is none of this name.
            BadRequestError: Its file is no recording, or broken; the message names the line.
        """
        path = self._files().get(name)
        if path is None:
            raise NotFoundError(
                f"There is no recording {name[:80]!r}.", "Open the file itself instead: Open a recording, at /replay."
            )
        return self._check(name, path)

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for place in self._places:
            for path in sorted(place.iterdir()) if place.is_dir() else [place]:
                if path == place or path.name.endswith(SUFFIXES):
                    found.setdefault(name_of(path), path)
        return found

    def _check(self, name: str, path: Path) -> Recording:
        try:
            status = path.stat()
        except OSError as error:
            raise BadRequestError(f"{path} cannot be read: {error.strerror}.", "Name another file.") from None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._checked.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, _checked(name, path))
            self._checked[path] = known
        return known[1]


def _checked(name: str, path: Path) -> Recording:
    """Read a recording of either format to its end."""
    if recorded_logs.read_header(path) is None:
        header = recording.read_header(path)
        return Recording(name, path, header, sum(1 for _ in recording.read(path)))
    logs = recorded_logs.read(path)
    header = recording.Header(recording=recorded_logs.FORMAT, title=logs.header.title, made=logs.header.made)
    return Recording(name, path, header, len(logs.lines.get(logs.of("sandbox"), ())), logs.described("lab"))


def _title(name: str, path: Path) -> str:
    try:
        logs = recorded_logs.read_header(path)
        return (recording.read_header(path) if logs is None else logs).title or name
    except BadRequestError:
        return name  # Whoever opens it is told what is wrong with it.


def name_of(path: Path) -> str:
    """A file's name as an address can hold it: ``three clients.jsonl.gz`` is ``three-clients``."""
    stem = next((path.name.removesuffix(suffix) for suffix in SUFFIXES if path.name.endswith(suffix)), path.name)
    return _FOREIGN.sub("-", stem).strip("-")[:80] or "recording"
