"""The log: gap-free, bounded reads, compressed when old, and equal to what went in."""

from __future__ import annotations

import asyncio
import random

import pytest

from server.events import PacketDropped, ProcessOutput, WireChanged, decode_entry, encode_entry
from server.sessions.log import BATCH_BYTES, BATCH_EVENTS, CHUNK_BYTES, YOUNG_BYTES, Log
from server.state import fold, initial


def entries(first: int, count: int, text: str = "") -> list[bytes]:
    return [
        encode_entry(seq, seq * 10, ProcessOutput(pid=2, stream="stdout", text=text or f"line {seq}"))
        for seq in range(first, first + count)
    ]


def read_all(log: Log, after: int = 0) -> list[bytes]:
    lines: list[bytes] = []
    while batch := log.read(after + len(lines)):
        lines += batch
    return lines


def test_what_goes_in_comes_out() -> None:
    log = Log()
    lines = entries(1, 10)
    log.append(lines[:3])
    log.append([])
    log.append(lines[3:])
    assert log.end_seq == 10
    assert log.read(0) == lines
    assert log.read(7) == lines[7:]
    assert log.read(10) == []
    assert log.read(99) == []


@pytest.mark.parametrize("first", [0, 2, 5])
def test_a_gap_is_refused(first: int) -> None:
    log = Log()
    with pytest.raises(ValueError, match="seq 1 is due"):
        log.append(entries(first, 1))
    assert log.end_seq == 0


def test_a_gap_inside_is_refused() -> None:
    log = Log()
    with pytest.raises(ValueError, match="seq 2 is due"):
        log.append([*entries(1, 1), *entries(3, 1)])


def test_nothing_is_added_to_a_closed_log() -> None:
    log = Log()
    log.close()
    with pytest.raises(ValueError, match="closed"):
        log.append(entries(1, 1))


def test_reads_are_bounded_by_number_and_by_size() -> None:
    log = Log()
    log.append(entries(1, BATCH_EVENTS + 5))
    assert len(log.read(0)) == BATCH_EVENTS
    assert len(log.read(0, limit=7)) == 7
    wide = Log()
    wide.append(entries(1, 9, "x" * (BATCH_BYTES // 4)))
    assert len(wide.read(0)) == 3
    assert sum(map(len, wide.read(0))) <= BATCH_BYTES


def test_a_line_longer_than_a_batch_comes_alone() -> None:
    log = Log()
    lines = [*entries(1, 1), *entries(2, 1, "x" * (BATCH_BYTES + 1)), *entries(3, 1)]
    log.append(lines)
    assert log.read(1) == lines[1:2]
    assert read_all(log) == lines


def test_old_lines_are_compressed_and_still_there() -> None:
    log = Log()
    shape = random.Random(7)
    lines: list[bytes] = []
    while sum(map(len, lines)) < 4 * YOUNG_BYTES:
        lines += entries(len(lines) + 1, shape.randint(1, 400))
        log.append(lines[log.end_seq :])
    assert read_all(log) == lines
    for after in shape.choices(range(len(lines)), k=300):
        assert log.read(after, limit=1) == [lines[after]]
    assert log.kept_bytes < 2 * YOUNG_BYTES
    assert log.kept_bytes > YOUNG_BYTES - CHUNK_BYTES


@pytest.mark.asyncio
async def test_pieces_are_the_lines_up_to_the_time_of_the_call() -> None:
    log = Log()
    log.append(entries(1, 1200))
    pieces = log.pieces(100)
    log.append(entries(1201, 10))
    lines = await anext(pieces)
    assert len(lines) <= BATCH_EVENTS
    log.append(entries(1211, 10))
    lines += [line async for piece in pieces for line in piece]
    assert lines == entries(101, 1100)


@pytest.mark.asyncio
async def test_everyone_who_waits_is_woken_and_one_who_leaves_disturbs_nobody() -> None:
    log = Log()
    waiters = [asyncio.ensure_future(log.wait(0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[1].cancel()
    await asyncio.sleep(0)
    log.append(entries(1, 1))
    await asyncio.wait_for(asyncio.gather(waiters[0], waiters[2]), 1)
    late = asyncio.ensure_future(log.wait(1))
    await asyncio.sleep(0)
    assert not late.done()
    log.close()
    await asyncio.wait_for(late, 1)


@pytest.mark.asyncio
async def test_the_state_is_the_fold_of_all_lines() -> None:
    log = Log()
    expected = initial()
    for part in range(4):
        lines = entries(part * 3000 + 1, 2999)
        lines.append(
            encode_entry(part * 3000 + 3000, 5, WireChanged(delay_ms=part, jitter_ms=0, loss=0, neighbours=False))
        )
        log.append(lines)
        for line in lines:
            fold(expected, decode_entry(line))
        assert await log.state() == expected
    assert expected["wire"]["delay_ms"] == 3


@pytest.mark.asyncio
async def test_two_who_ask_for_the_state_at_once_get_the_same() -> None:
    log = Log()
    log.append([encode_entry(seq, seq, PacketDropped(packet=seq, why="")) for seq in range(1, 9001)])
    first, second = await asyncio.gather(log.state(), log.state())
    assert first == second
    assert first["seq"] == 9000
