"""ptrace(2) as the tracer needs it: seize, wait, look, go on. x86-64 and arm64, kernel 5.3 or later.

Only the thread that seized a process may use these on it. Requests fail with ``ProcessLookupError``
when the tracee has died meanwhile (a SIGKILL can end it in any state); callers expect that.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_ptrace.restype = ctypes.c_long

# <linux/ptrace.h>
CONT, SYSCALL, KILL = 7, 24, 8
SEIZE, INTERRUPT, LISTEN = 0x4206, 0x4207, 0x4208
GETEVENTMSG, GET_SYSCALL_INFO = 0x4201, 0x420E

_OPTIONS = (
    0x01  # TRACESYSGOOD: a syscall-exit-stop says so (SIGTRAP | 0x80)
    | 0x02  # TRACEFORK
    | 0x04  # TRACEVFORK
    | 0x08  # TRACECLONE
    | 0x10  # TRACEEXEC
    | 0x80  # TRACESECCOMP
    | 0x100000  # EXITKILL: no tracee outlives its tracer
)

EVENT_FORK, EVENT_VFORK, EVENT_CLONE, EVENT_EXEC, EVENT_SECCOMP, EVENT_STOP = 1, 2, 3, 4, 7, 128

WALL = 0x40000000

INFO_ENTRY, INFO_EXIT, INFO_SECCOMP = 1, 2, 3

# struct ptrace_syscall_info: op, arch, instruction and stack pointer; then nr and six arguments, or the return value.
_ENTRY = struct.Struct("=B3xIQQQ6Q")
_EXIT = struct.Struct("=B3xIQQqB")
_info = ctypes.create_string_buffer(88)
_info_address = ctypes.addressof(_info)
_info_view = memoryview(_info)
_message = ctypes.c_ulong()
_message_address = ctypes.addressof(_message)


def _fail(request: str, pid: int) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"ptrace {request}: {os.strerror(number)}", str(pid))


def seize(pid: int) -> None:
    """Become the tracer of ``pid`` without stopping it; it, its threads and children die with this process."""
    if _ptrace(SEIZE, pid, None, _OPTIONS):
        _fail("PTRACE_SEIZE", pid)


def resume(tid: int, signal: int = 0) -> None:
    """Let a stopped thread run until the next event (PTRACE_CONT), delivering ``signal`` if it is not 0."""
    if _ptrace(CONT, tid, None, signal):
        _fail("PTRACE_CONT", tid)


def resume_to_exit(tid: int) -> None:
    """Let a thread that is about to enter a system call run until that call returns (PTRACE_SYSCALL)."""
    if _ptrace(SYSCALL, tid, None, None):
        _fail("PTRACE_SYSCALL", tid)


def listen(tid: int) -> None:
    """Leave a thread in its group-stop, but report what wakes it (PTRACE_LISTEN)."""
    if _ptrace(LISTEN, tid, None, None):
        _fail("PTRACE_LISTEN", tid)


def event_message(tid: int) -> int:
    """What the event of this stop carries: the new tid of a clone, the former tid of an exec."""
    if _ptrace(GETEVENTMSG, tid, None, _message_address):
        _fail("PTRACE_GETEVENTMSG", tid)
    return int(_message.value)


def entered_call(tid: int) -> tuple[int, tuple[int, ...]]:
    """The number and the six arguments of the call that a thread in a seccomp stop is about to enter."""
    if _ptrace(GET_SYSCALL_INFO, tid, 88, _info_address) < 0:
        _fail("PTRACE_GET_SYSCALL_INFO", tid)
    fields = _ENTRY.unpack_from(_info_view)
    return fields[4], fields[5:]


def returned_value(tid: int) -> int:
    """What the call that a thread in a syscall-exit-stop has made returned; an error is a negative errno."""
    if _ptrace(GET_SYSCALL_INFO, tid, 88, _info_address) < 0:
        _fail("PTRACE_GET_SYSCALL_INFO", tid)
    return int(_EXIT.unpack_from(_info_view)[4])


class ChildSignals:
    """A file descriptor that becomes readable when a child or tracee has something to report: signalfd(2) for SIGCHLD.

    SIGCHLD stays blocked in the calling thread; whoever forks a program must unblock it there.
    """

    def __init__(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        mask = (ctypes.c_ulong * 16)()
        mask[0] = 1 << (signal.SIGCHLD - 1)
        self._fd = int(_libc.signalfd(-1, mask, os.O_NONBLOCK | os.O_CLOEXEC))
        if self._fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"signalfd: {os.strerror(number)}")

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd

    def clear(self) -> None:
        """Take the pending notice out; call waitpid until it has nothing more afterwards."""
        try:
            os.read(self._fd, 128)
        except BlockingIOError:
            return
