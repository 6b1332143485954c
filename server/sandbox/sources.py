"""Which statement of a Python program makes a system call, read from its memory (see ``linux/interpreter``).

Frames of the standard library are passed over: the learner wants the line of the program, not of
``socket.py``. For programs that are no Python, or another Python, the statement is not known.
"""

from __future__ import annotations

import struct
import sys
import sysconfig
from typing import Protocol

from server.linux.interpreter import Layout, mappings, measure

LAYOUT = measure()

_LIBRARY = sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})
_DEEPEST = 24
_FRAME = 96  # bytes of a frame that hold all we want of it
_LONGEST_TEXT = 4096
_WORD = struct.Struct("=Q")

Place = tuple[str | None, int | None]
_UNKNOWN: Place = (None, None)


class _Reads(Protocol):
    def read(self, address: int, length: int) -> bytes: ...


class _Interpreter:
    """One traced interpreter: where its runtime is, and the places of the code seen so far."""

    __slots__ = ("places", "runtime", "threads")

    def __init__(self, runtime: int) -> None:
        self.runtime = runtime
        self.threads: dict[int, int] = {}
        self.places: dict[tuple[int, int], Place] = {}


class Sources:
    """Finds the statements of all traced programs of a sandbox."""

    def __init__(self, layout: Layout | None = LAYOUT) -> None:
        self._layout = layout
        self._interpreters: dict[int, _Interpreter | None] = {}

    def forget(self, pid: int) -> None:
        """The process ended or runs another program."""
        self._interpreters.pop(pid, None)

    def where(self, pid: int, tid: int, memory: _Reads) -> Place:
        """The file and the line that a stopped thread is executing; (None, None) where that is not known."""
        layout = self._layout
        if layout is None:
            return _UNKNOWN
        if pid not in self._interpreters:
            self._interpreters[pid] = _find_interpreter(pid, layout)
        interpreter = self._interpreters[pid]
        if interpreter is None:
            return _UNKNOWN
        try:
            return _place(interpreter, tid, memory, layout)
        except (OSError, struct.error):
            return _UNKNOWN  # not initialised yet, or finalised already


def _find_interpreter(pid: int, layout: Layout) -> _Interpreter | None:
    try:
        starts = [start for start, *file in mappings(pid) if file == [layout.device, layout.inode]]
    except OSError:
        return None
    return _Interpreter(min(starts) + layout.runtime) if starts else None


def _pointer(memory: _Reads, address: int) -> int:
    value: int = _WORD.unpack(memory.read(address, 8))[0]
    return value


def _thread_state(interpreter: _Interpreter, tid: int, memory: _Reads, layout: Layout) -> bytes:
    """The head of a thread's state, up to what is needed of it; empty if the thread runs no Python."""
    size = max(layout.native_id, layout.frame, layout.cframe or 0) + 8
    known = interpreter.threads.get(tid)
    if known is not None:
        head = memory.read(known, size)
        if _WORD.unpack_from(head, layout.native_id)[0] == tid:
            return head
    state = _pointer(memory, _pointer(memory, interpreter.runtime + layout.interpreter) + layout.threads)
    alone = state != 0 and _pointer(memory, state + layout.next_thread) == 0
    while state:
        head = memory.read(state, size)
        # The only thread of a forked child may still carry its parent's number.
        if alone or _WORD.unpack_from(head, layout.native_id)[0] == tid:
            interpreter.threads[tid] = state
            return head
        state = _pointer(memory, state + layout.next_thread)
    return b""


def _place(interpreter: _Interpreter, tid: int, memory: _Reads, layout: Layout) -> Place:
    head = _thread_state(interpreter, tid, memory, layout)
    if not head:
        return _UNKNOWN
    if layout.cframe is not None:
        frame = _pointer(memory, _WORD.unpack_from(head, layout.cframe)[0] + layout.frame)
    else:
        frame = _WORD.unpack_from(head, layout.frame)[0]
    for _ in range(_DEEPEST):
        if not frame:
            break
        raw = memory.read(frame, _FRAME)
        code = _WORD.unpack_from(raw, layout.frame_code)[0]
        instruction = _WORD.unpack_from(raw, layout.frame_instruction)[0]
        place = interpreter.places.get((code, instruction))
        if place is None:
            place = _decode(code, instruction, memory, layout)
            interpreter.places[code, instruction] = place
        if place[0] is not None:
            return place
        frame = _WORD.unpack_from(raw, layout.frame_previous)[0]
    return _UNKNOWN


def _decode(code: int, instruction: int, memory: _Reads, layout: Layout) -> Place:
    """The place of one instruction; (None, None) in the standard library and in generated code."""
    name = _string(_pointer(memory, code + layout.code_filename), layout.string_data, memory).decode(errors="replace")
    if not name or name.startswith((_LIBRARY, "<")):
        return _UNKNOWN
    table = _string(_pointer(memory, code + layout.code_linetable), layout.bytes_data, memory)
    first = int.from_bytes(memory.read(code + layout.code_firstlineno, 4), "little")
    index = max(0, (instruction - code - layout.code_bytes) // 2)
    return name, line_of(table, first, index)


def _string(address: int, data: int, memory: _Reads) -> bytes:
    length = _pointer(memory, address + 16)
    return memory.read(address + data, min(length, _LONGEST_TEXT))


def line_of(table: bytes, first_line: int, index: int) -> int | None:
    """The line of one code unit.

    Args:
        table: A code object's ``co_linetable``, as CPython's ``Objects/locations.md`` describes it.
        first_line: Its ``co_firstlineno``.
        index: Which code unit (two bytes each).

    Returns:
        The line, or None where the table has none.
    """
    line = first_line
    position = unit = 0
    while position < len(table):
        head = table[position]
        position += 1
        kind = head >> 3 & 15
        if kind in (13, 14):
            shift = value = 0
            while True:
                byte = table[position]
                position += 1
                value |= (byte & 63) << shift
                shift += 6
                if not byte & 64:
                    break
            line += -(value >> 1) if value & 1 else value >> 1
        elif kind in (11, 12):
            line += kind - 10
        while position < len(table) and not table[position] & 128:
            position += 1
        unit += (head & 7) + 1
        if index < unit:
            return None if kind == 15 else line
    return None
