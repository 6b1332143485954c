"""ptrace and /proc: the facts of a stop are read here, and threads are let go. What to do is decided elsewhere.

The seccomp filter of every program answers RET_TRACE for the calls that we follow, so that a thread stops before the
kernel begins one (PTRACE_EVENT_SECCOMP); resumed with PTRACE_SYSCALL it stops once more when the call returns. What
becomes of each stop is said by ``deciders/tracees.py``.
"""

from __future__ import annotations

import os
import signal

from server.deciders.tracee import Fd, Thread
from server.inet.arguments import Fields, Results
from server.inet.syscalls import CALLS, NUMBERS, Call
from server.linux import ptrace
from server.linux.calls import MACHINE
from server.sandbox.descriptors import FdTable
from server.sandbox.journal import Journal
from server.sandbox.owners import Owners
from server.sandbox.sources import Sources
from server.sandbox.table import Table

SYSCALL_EXIT = signal.SIGTRAP | 0x80
_STOPPED = 0x7F  # the low byte of a wait status (wait(2), WIFSTOPPED)
_ROWS = {number: CALLS[name] for number, name in NUMBERS[MACHINE].items() if name in CALLS}

Report = tuple[int, int]
"""What waitpid(2) says: a thread and its status."""


class Memory:
    """Reads a process's memory through ``/proc/PID/mem``; opened again after execve(2) replaced it."""

    __slots__ = ("_fd", "_pid")

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._fd = -1

    def read(self, address: int, length: int) -> bytes:
        """Up to ``length`` bytes; fewer at the end of a mapping.

        Raises:
            OSError: Nothing is mapped at ``address``, or the process is gone.
        """
        if self._fd < 0:
            self._fd = os.open(f"/proc/{self._pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(self._fd, length, address)
        except OverflowError:
            raise OSError("no address of user space") from None

    def close(self) -> None:
        """Forget the mapping; the next read opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Tracer:
    """Looks at all traced processes of one sandbox.

    Args:
        journal: Where the events of descriptors go.
        table: The socket table, asked for a socket before the descriptor that names it is shown.
        owners: Who has which socket.
    """

    def __init__(self, journal: Journal, table: Table, owners: Owners) -> None:
        self._journal = journal
        self._table = table
        self._owners = owners
        self._sources = Sources()
        self._fds: dict[int, FdTable] = {}
        self._memories: dict[int, Memory] = {}

    # -- processes come and go

    def seize(self, pid: int, host: str) -> dict[int, Fd]:
        """Trace a process that was forked for a program and has not executed it yet; its descriptors, kept from now."""
        ptrace.seize(pid)
        return self.watch(pid, host)

    def watch(self, pid: int, host: str) -> dict[int, Fd]:
        """Look at a process from now on; its descriptors, as they become known.

        Raises:
            OSError: It was killed before it ran: its /proc files belong to nobody (EACCES).
        """
        fds = self._fds[pid] = FdTable(pid, host, self._journal, self._owners, self._table)
        self._memories[pid] = Memory(pid)
        return fds.entries

    def renew(self, pid: int) -> None:
        """A process executes another program: what was known of its memory is wrong."""
        self._memories[pid].close()
        self._sources.forget(pid)

    def leave(self, pid: int) -> None:
        """A process has ended: close its descriptors and forget it."""
        self._fds.pop(pid).close()
        self._memories.pop(pid).close()
        self._sources.forget(pid)

    def fds(self, pid: int) -> FdTable:
        """The descriptors of a process."""
        return self._fds[pid]

    # -- facts

    def reports(self, most: int) -> list[Report]:
        """What tracees have to report now, at most so many. Who has reported stays stopped."""
        reports: list[Report] = []
        while len(reports) < most:
            try:
                tid, status = os.waitpid(-1, os.WNOHANG | ptrace.WALL)
            except ChildProcessError:
                break
            if tid == 0:
                break
            reports.append((tid, status))
        return reports

    def entered(self, thread: Thread) -> tuple[Call | None, tuple[int, ...]]:
        """The call that a thread is about to enter, None if it is not shown, and its registers."""
        number, args = ptrace.entered_call(thread.tid)
        return _ROWS.get(number), args

    def describe(self, thread: Thread) -> tuple[Fields, str | None, int | None]:
        """The decoded arguments of the call that a thread is about to enter, and the file and line that make it."""
        pid, row = thread.process.pid, thread.row
        assert row is not None
        self._fds[pid].sync()
        memory = self._memories[pid]
        entered = row.decode_args(thread.args, memory)
        file, line = self._sources.where(pid, thread.tid, memory)
        return entered, file, line

    def returned(self, thread: Thread) -> tuple[int, Results]:
        """What the call that a thread was in returned, and what it gave back."""
        value, row = ptrace.returned_value(thread.tid), thread.row
        assert row is not None
        if value < 0:
            return value, {}
        return value, row.decode_result(thread.args, value, self._memories[thread.process.pid], thread.entered)


def has_ended(status: int) -> bool:
    """Whether a report tells of a thread's end."""
    return status & 0xFF != _STOPPED


def end(status: int) -> tuple[int | None, str | None]:
    """The exit code, or the name of the signal, that a report of an end tells of."""
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status), None
    return None, signal.Signals(os.WTERMSIG(status)).name


def group_and_parent(tid: int) -> tuple[int, int]:
    """The process that a thread belongs to, and that process's parent.

    Raises:
        OSError: It is gone.
    """
    with open(f"/proc/{tid}/status", "rb") as status:
        fields = dict(line.split(b":", 1) for line in status.read().splitlines()[:12] if b":" in line)
    return int(fields[b"Tgid"]), int(fields[b"PPid"])


def is_asleep(tid: int) -> bool:
    """Whether the kernel has put a thread to sleep: it waits for something, and is not stopped for us."""
    try:
        with open(f"/proc/{tid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split(None, 1)[0] == b"S"
    except (OSError, IndexError):
        return False


def command_line(pid: int) -> list[str]:
    """The program that a process runs and its arguments; empty if they cannot be read."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return [part.decode(errors="replace") for part in file.read().split(b"\0")[:-1]]
    except OSError:
        return []
