"""Sleeping and waiting for children, decoded from registers and memory as the kernel gets them."""

from __future__ import annotations

import struct

from server.inet import syscalls


class _Bytes:
    def __init__(self, at: int, content: bytes) -> None:
        self.at, self.content = at, content

    def read(self, address: int, length: int, /) -> bytes:
        if not self.at <= address < self.at + len(self.content):
            raise OSError("not mapped")
        return self.content[address - self.at :][:length]


def test_sleeps_say_how_long() -> None:
    memory = _Bytes(4096, struct.pack("=qq", 2, 500_000_000))
    assert syscalls.decode_args("nanosleep", (4096, 0, 0, 0, 0, 0), memory) == {"request_ms": 2500}
    relative = syscalls.decode_args("clock_nanosleep", (1, 0, 4096, 0, 0, 0), memory)
    assert relative == {"clockid": 1, "request_ms": 2500}
    absolute = syscalls.decode_args("clock_nanosleep", (1, 1, 4096, 0, 0, 0), memory)
    assert absolute["flags"] == ["TIMER_ABSTIME"]


def test_waiting_for_any_child() -> None:
    memory = _Bytes(0, b"")
    assert syscalls.decode_args("wait4", (0xFFFFFFFFFFFFFFFF, 0, 0, 0, 0, 0), memory) == {"pid": -1}
    assert syscalls.decode_args("pause", (0,) * 6, memory) == {}
    assert syscalls.decode_args("restart_syscall", (0,) * 6, memory) == {}
