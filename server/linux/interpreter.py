"""Where CPython keeps the statement that a thread is executing, measured in our own interpreter.

The lab's Python programs run unchanged; which line makes a system call is read from their memory, from
outside, as py-spy does. The layout of CPython's structures differs between versions, so nothing is
assumed: this process looks into its *own* memory for addresses that it knows (its interpreter, its
thread, its frames, their code) and notes at which offsets they lie. The result holds for any process that
runs the very same interpreter file. Where the search finds nothing, ``measure`` returns None, and
calls are shown without a line.

The chain: ``_PyRuntime`` → interpreter → thread states → (3.11, 3.12: cframe →) current frame → code.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
from dataclasses import dataclass
from types import CodeType

_WORDS = 64
_BELOW = 64  # words of stack below a frame that are copied with it: its caller's frame is among them


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets in bytes; ``cframe`` is None where the thread state names the frame itself.

    ``runtime`` is the distance of ``_PyRuntime`` from the lowest mapping of the file ``device``, ``inode``.
    """

    device: str
    inode: int
    runtime: int
    interpreter: int
    threads: int
    next_thread: int
    native_id: int
    cframe: int | None
    frame: int
    frame_code: int
    frame_previous: int
    frame_instruction: int
    code_bytes: int
    code_filename: int
    code_linetable: int
    code_firstlineno: int
    string_data: int
    bytes_data: int


def mappings(pid: int | str) -> list[tuple[int, str, int]]:
    """The file mappings of a process: start address, device ``"fe:00"``, inode (proc(5), maps)."""
    found = []
    with open(f"/proc/{pid}/maps") as maps:
        for row in maps:
            fields = row.split(None, 5)
            if fields[4] != "0":
                found.append((int(fields[0].partition("-")[0], 16), fields[3], int(fields[4])))
    return found


def measure() -> Layout | None:
    """The layout of this interpreter, or None if it is not as expected."""
    if threading.active_count() != 1:
        return None
    try:
        return _measure()
    except (LookupError, OSError, StopIteration, ValueError):
        return None


def _read(memory: int, address: int, length: int) -> bytes:
    return os.pread(memory, length, address)


def _words(memory: int, address: int, count: int = _WORDS) -> tuple[int, ...]:
    raw = _read(memory, address, 8 * count)
    return struct.unpack(f"={len(raw) // 8}Q", raw[: len(raw) // 8 * 8])


def _find(memory: int, address: int, value: int, limit: int) -> int:
    raw = _read(memory, address, limit)
    return 8 * struct.unpack(f"={len(raw) // 8}Q", raw[: len(raw) // 8 * 8]).index(value)


def _measure() -> Layout:
    api = ctypes.pythonapi
    api.PyInterpreterState_Get.restype = ctypes.c_void_p
    api.PyThreadState_Get.restype = ctypes.c_void_p
    runtime = ctypes.addressof(ctypes.c_char.in_dll(api, "_PyRuntime"))
    interpreter = int(api.PyInterpreterState_Get())
    thread = int(api.PyThreadState_Get())
    memory = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        start, device, inode = max(m for m in mappings("self") if m[0] <= runtime)
        start = min(m[0] for m in mappings("self") if m[1:] == (device, inode))
        cframe, frame, frame_code, previous, instruction = _frames(memory, thread)
        code = _words.__code__
        return Layout(
            device=device,
            inode=inode,
            runtime=runtime - start,
            interpreter=_find(memory, runtime, interpreter, 8192),
            threads=_find(memory, interpreter, thread, 65536),
            next_thread=_find(memory, thread, interpreter, 256) - 8,
            native_id=_find(memory, thread, threading.get_native_id(), 512),
            cframe=cframe,
            frame=frame,
            frame_code=frame_code,
            frame_previous=previous,
            frame_instruction=instruction,
            code_bytes=_read(memory, id(code), 1024).index(code._co_code_adaptive),  # type: ignore[attr-defined]
            code_filename=_find(memory, id(code), id(code.co_filename), 256),
            code_linetable=_find(memory, id(code), id(code.co_linetable), 256),
            code_firstlineno=_line_offset(memory),
            string_data=sys.getsizeof("") - 1,
            bytes_data=sys.getsizeof(b"") - 1,
        )
    finally:
        os.close(memory)


def _frames(memory: int, thread: int) -> tuple[int | None, int, int, int, int]:
    """Offsets of: cframe in the thread, frame in that (or in the thread), and three in a frame.

    While the kernel copies the memory for ``_read``, the current frame is ``_read``'s own. Frames lie on
    a stack that the next call overwrites, so the frame and its caller's are copied in one piece, by a call
    of the same depth as the one that found them.
    """
    wanted = id(_read.__code__)
    for index, word in enumerate(_words(memory, thread)):
        if word < 4096 or word & 7:
            continue
        try:
            inner = _words(memory, word)
        except (OSError, OverflowError):
            continue
        chances: list[tuple[int | None, int, int]] = [(None, 8 * index, word)]
        chances += [(8 * index, 8 * place, frame) for place, frame in enumerate(inner[:4])]
        for cframe, offset, frame in chances:
            try:
                stack = _words(memory, frame - 8 * _BELOW, _BELOW + 12)
            except (OSError, OverflowError):
                continue
            if wanted in stack[_BELOW:]:
                return (cframe, offset, *_frame_fields(stack, frame, wanted))
    raise LookupError("no current frame")


def _frame_fields(stack: tuple[int, ...], frame: int, wanted: int) -> tuple[int, int, int]:
    """Offsets of code, previous frame and instruction in the frame at ``stack[_BELOW]``."""
    fields = stack[_BELOW:]
    caller = id(_words.__code__)
    code = fields.index(wanted)
    end = wanted + sys.getsizeof(_read.__code__)
    instruction = next(i for i, word in enumerate(fields) if i != code and wanted < word < end)
    for previous, word in enumerate(fields):
        place = _BELOW + (word - frame) // 8 + code
        if frame - 8 * _BELOW <= word < frame and stack[place] == caller:
            return 8 * code, 8 * previous, 8 * instruction
    raise LookupError("no previous frame")


def _line_offset(memory: int) -> int:
    """Where a code object has its first line: the one place that is right for several."""
    codes = [f.__code__ for f in (_read, _words, _find, _measure, _frames, mappings)]
    for offset in range(16, 200, 4):
        if all(_first_line(memory, code, offset) == code.co_firstlineno for code in codes):
            return offset
    raise LookupError("no first line")


def _first_line(memory: int, code: CodeType, offset: int) -> int:
    return int.from_bytes(_read(memory, id(code) + offset, 4), sys.byteorder)
