"""One sandbox's log: append-only, kept as the encoded lines that the sandbox sent.

A line is never decoded on its way to a viewer. Readers are cursors (``after``: the last ``seq`` they
have), so a slow reader costs nothing but its cursor. Lines that are no longer young are compressed in
chunks: event lines repeat themselves, and shrink to about a tenth; a reader far behind pays for
unpacking, not the sandbox.
"""

from __future__ import annotations

import asyncio
import zlib
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from server.events import decode_entry
from server.shapes import State
from server.state import fold, initial

BATCH_EVENTS = 500
"""At most this many lines in one read."""
BATCH_BYTES = 256 * 1024
"""At most this many bytes in one read, unless a single line is longer."""
CHUNK_BYTES = 128 * 1024
"""So much is compressed at a time: about a millisecond of work, so that the loop is never held up."""
YOUNG_BYTES = 1024 * 1024
"""So much of the end of a log stays uncompressed: viewers that keep up read nothing else."""
FOLD_SLICE = 2_000
"""Events folded before other work of the loop gets its turn."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    first: int
    count: int
    packed: bytes


class Log:
    """The events of one sandbox in ``seq`` order, from 1, without gaps.

    Attributes:
        end_seq: The ``seq`` of the last line; 0 if there is none.
        closed: Nothing more will come.
    """

    def __init__(self) -> None:
        self.end_seq = 0
        self.closed = False
        self._chunks: list[_Chunk] = []
        self._chunk_firsts: list[int] = []
        self._young: list[bytes] = []
        self._young_first = 1
        self._young_bytes = 0
        self._unpacked: tuple[int, list[bytes]] = (0, [])
        self._waiters: list[asyncio.Future[None]] = []
        self._state = initial()
        self._folded = 0

    def append(self, lines: Sequence[bytes]) -> None:
        """Add encoded lines, each without its newline, that follow the last one.

        Raises:
            ValueError: The first or last line's ``seq`` is not the one that is due, or the log is closed.
        """
        if not lines:
            return
        if self.closed:
            raise ValueError("the log is closed")
        for line, due in ((lines[0], self.end_seq + 1), (lines[-1], self.end_seq + len(lines))):
            if not line.startswith(b'{"seq":%d,' % due):
                raise ValueError(f"seq {due} is due, but the line begins with {line[:40]!r}")
        self._young.extend(lines)
        self._young_bytes += sum(map(len, lines))
        self.end_seq += len(lines)
        while self._young_bytes > YOUNG_BYTES + CHUNK_BYTES:
            self._pack()
        self._wake()

    def close(self) -> None:
        """Say that nothing more will come; whoever waits is woken."""
        self.closed = True
        self._wake()

    def read(self, after: int, limit: int = BATCH_EVENTS, size: int = BATCH_BYTES) -> list[bytes]:
        """The lines that follow ``after``: at most ``limit``, at most ``size`` bytes, but one if there is one.

        The answer may be shorter although more is there; an empty one means that ``after`` is the end.
        """
        if after >= self.end_seq:
            return []
        lines, first = self._home(after + 1)
        start = after + 1 - first
        taken = 0
        for stop in range(start, min(start + limit, len(lines))):
            taken += len(lines[stop])
            if taken > size and stop > start:
                return lines[start:stop]
        return lines[start : start + limit]

    def pieces(self, after: int = 0) -> AsyncIterator[list[bytes]]:
        """The lines that follow ``after``, up to the end at the time of the call; other work has its turn between."""
        return self._pieces(after, self.end_seq)

    async def _pieces(self, after: int, end: int) -> AsyncIterator[list[bytes]]:
        while after < end:
            lines = self.read(after, min(end - after, BATCH_EVENTS))
            after += len(lines)
            yield lines
            await asyncio.sleep(0)

    async def wait(self, after: int) -> None:
        """Return as soon as something follows ``after``, or the log is closed."""
        while self.end_seq <= after and not self.closed:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def state(self) -> State:
        """The fold of the whole log. It is shared: read it before the next ``await``, and change nothing.

        The fold goes on from where the last call stopped, in slices, so that a long log holds up nobody.
        """
        while self._folded < self.end_seq:
            for line in self.read(self._folded, FOLD_SLICE, CHUNK_BYTES * 8):
                fold(self._state, decode_entry(line))
                self._folded += 1
            if self._folded < self.end_seq:
                await asyncio.sleep(0)
        return self._state

    @property
    def kept_bytes(self) -> int:
        """The bytes of the lines as they are kept: young ones as they are, old ones compressed."""
        return self._young_bytes + sum(len(chunk.packed) for chunk in self._chunks)

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():  # its viewer has left
                waiter.set_result(None)

    def _pack(self) -> None:
        """Compress the oldest young lines: about ``CHUNK_BYTES``, at least one line."""
        size = count = 0
        while size < CHUNK_BYTES and count < len(self._young):
            size += len(self._young[count])
            count += 1
        packed = zlib.compress(b"\n".join(self._young[:count]), 1)
        self._chunks.append(_Chunk(self._young_first, count, packed))
        self._chunk_firsts.append(self._young_first)
        del self._young[:count]
        self._young_first += count
        self._young_bytes -= size

    def _home(self, seq: int) -> tuple[list[bytes], int]:
        """The list of lines that holds ``seq``, and the ``seq`` of its first line."""
        if seq >= self._young_first:
            return self._young, self._young_first
        chunk = self._chunks[bisect_right(self._chunk_firsts, seq) - 1]
        if self._unpacked[0] != chunk.first:
            self._unpacked = (chunk.first, zlib.decompress(chunk.packed).split(b"\n"))
        return self._unpacked[1], chunk.first
