"""ptrace stops in, events and moments out: what the programs of a sandbox ask of the kernel.

The path of a call. The seccomp filter of every program answers RET_TRACE for the calls that we
follow, so the thread stops *before* the kernel begins the call (PTRACE_EVENT_SECCOMP). Here the call is
decoded and logged as ``syscall.entered``, and the conductor is asked. Either the thread goes on
at once, or it stays in its stop, for minutes if a person wants, until ``go`` is called. It is resumed
with PTRACE_SYSCALL, so that it stops once more when the call returns; then the result is decoded, the
descriptor table and the socket table are brought up to date, and ``syscall.returned`` is logged.

Calls that say nothing about sockets are let go at the first stop: reads and writes of plain files, and
closes of descriptors that never were interesting. They cost one stop and no event.

A call that a signal interrupts returns an ``ERESTART…`` and is entered again, as strace shows it too.

Known limits: a process that shares its descriptor table with another *process* (CLONE_FILES without
CLONE_THREAD) is shown with a table of its own; no ordinary program does that.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from server import events as ev
from server.conductor import Conductor
from server.inet import syscalls
from server.linux import ptrace
from server.sandbox.descriptors import Fd, FdTable, Owners
from server.sandbox.journal import Journal
from server.sandbox.sources import Sources
from server.sandbox.table import Table
from server.sandbox.wire import Wire

_STOP_SIGNALS = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_SYSCALL_EXIT = signal.SIGTRAP | 0x80
_STOPPED = 0x7F  # the low byte of a wait status (wait(2), WIFSTOPPED)

_EBADF = -9
_STDIO = frozenset({0, 1, 2})


class Thread:
    """One traced thread and the call that it is in."""

    __slots__ = ("args", "call", "entered", "entry", "name", "process", "tid")

    def __init__(self, tid: int, process: Process) -> None:
        self.tid = tid
        self.process = process
        self.call = 0
        self.name = ""
        self.args: tuple[int, ...] = ()
        self.entered: dict[str, Any] = {}
        self.entry: Fd | None = None


class Process:
    """One traced process."""

    __slots__ = ("argv", "executed", "fds", "host", "memory", "pid", "program", "threads")

    def __init__(self, pid: int, host: str, fds: FdTable) -> None:
        self.pid = pid
        self.host = host
        self.fds = fds
        self.program = ""
        self.argv: list[str] = []
        self.executed = False
        self.threads: dict[int, Thread] = {}
        self.memory = Memory(pid)


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
    """All traced processes of one sandbox.

    Args:
        journal: Where the events go.
        conductor: Who decides whether a call may enter.
        table: The socket table, told after each call that may have changed it.
        wire: The wire, read before the return of a call is logged.
        sources: Finds the statement of a program that makes a call.
        on_executed: Called with a process when a program that a command started runs.
        on_exited: Called with a process, its exit code or its signal's name when it has ended.
    """

    def __init__(
        self,
        journal: Journal,
        conductor: Conductor,
        table: Table,
        wire: Wire,
        sources: Sources,
        owners: Owners,
        on_executed: Callable[[Process], None],
        on_exited: Callable[[Process, int | None, str | None], None],
    ) -> None:
        self.processes: dict[int, Process] = {}
        self._threads: dict[int, Thread] = {}
        self._held: dict[int, Thread] = {}
        self._journal = journal
        self._conductor = conductor
        self._table = table
        self._wire = wire
        self._sources = sources
        self._owners = owners
        self._on_executed = on_executed
        self._on_exited = on_exited
        self._calls = 0
        self._names = syscalls.NUMBERS[os.uname().machine]

    # -- what the loop calls

    def seize(self, pid: int, host: str) -> None:
        """Trace a process that was forked for a program and has not executed it yet."""
        ptrace.seize(pid)
        self._add(pid, host)

    def stops(self, most: int = 256) -> bool:
        """Handle what tracees have to report, ``most`` reports at a time. Returns whether more may wait.

        The reports are collected first, then the wire is read, then the reports are logged: whatever a call that
        has returned sent, or was given over loopback, comes before its return. Who has reported stays stopped.
        """
        reports: list[tuple[int, int]] = []
        while len(reports) < most:
            try:
                tid, status = os.waitpid(-1, os.WNOHANG | ptrace.WALL)
            except ChildProcessError:
                break
            if tid == 0:
                break
            reports.append((tid, status))
        for host in {thread.process.host for tid, status in reports if (thread := self._came_back(tid, status))}:
            self._wire.drain(host)
        for tid, status in reports:
            try:
                self._report(tid, status)
            except ProcessLookupError:
                continue  # a SIGKILL overtook the stop; its own report follows
        return len(reports) == most

    def _came_back(self, tid: int, status: int) -> Thread | None:
        """The thread, if it reports that a call on a socket returned or that it ended: packets may go before that."""
        thread = self._threads.get(tid)
        if thread is None or not os.WIFSTOPPED(status):
            return thread
        returned = os.WSTOPSIG(status) == _SYSCALL_EXIT
        return thread if returned and (thread.entry is not None or thread.name in syscalls.WAITING) else None

    def pidfd_of(self, pid: int) -> int | None:
        """The pidfd of a traced process, or None when it has ended."""
        process = self.processes.get(pid)
        return None if process is None else process.fds.pidfd

    def go(self, call: int) -> None:
        """Let a held call enter."""
        thread = self._held.pop(call, None)
        if thread is not None:
            try:
                ptrace.resume_to_exit(thread.tid)
            except ProcessLookupError:
                return

    # -- stops

    def _report(self, tid: int, status: int) -> None:
        thread = self._threads.get(tid)
        if status & 0xFF != _STOPPED:
            if thread is not None:
                self._ended(thread, status)
            return
        if thread is None:
            thread = self._adopt(tid)
            if thread is None:
                ptrace.resume(tid)
                return
        stopped_by, event = status >> 8 & 0xFF, status >> 16
        if event == ptrace.EVENT_SECCOMP:
            self._entering(thread)
        elif stopped_by == _SYSCALL_EXIT:
            self._returned(thread)
        elif event == 0:
            ptrace.resume(tid, stopped_by)
        elif event == ptrace.EVENT_STOP:
            (ptrace.listen if stopped_by in _STOP_SIGNALS else ptrace.resume)(tid)
        elif event == ptrace.EVENT_EXEC:
            self._executed(thread, ptrace.event_message(tid))
        else:
            child = ptrace.event_message(tid)
            if child not in self._threads:
                self._adopt(child)
            # The clone itself has not come back yet: its return is to be seen as well.
            (ptrace.resume_to_exit if thread.call else ptrace.resume)(tid)

    def _entering(self, thread: Thread) -> None:
        number, args = ptrace.entered_call(thread.tid)
        process = thread.process
        name = self._names.get(number, "")
        call = syscalls.CALLS.get(name)
        if call is None or not process.executed:
            ptrace.resume(thread.tid)
            return
        entry, fd = None, -1
        if call.fds:
            fd = args[call.fds[0].index] & 0xFFFFFFFF
            entry = process.fds.get(fd)
        thread.name, thread.args, thread.entry = name, args, entry
        on_socket = entry is not None and entry.kind == "socket"
        if call.kind in ("io", "fd") and call.fds and not on_socket:
            if entry is None and process.fds.is_free(fd):
                self._enter(thread, is_moment=False)  # EBADF: a mistake that its maker wants to see
                return
            # dup2 may make a number that we do know point to something else.
            if (entry is None and not any(argument.replaced for argument in call.fds)) or (
                entry is not None and call.kind == "io" and entry.kind == "file" and fd not in _STDIO
            ):
                ptrace.resume(thread.tid)
                return
            if entry is None or (call.kind == "fd" and (entry.kind == "file" or name == "fcntl")):
                thread.call = 0  # nothing to show, but the table of descriptors may change
                ptrace.resume_to_exit(thread.tid)
                return
        # A call that only asks changes nothing, so nobody waits for it.
        is_moment = (on_socket or call.kind == "socket" or name in syscalls.WAITING) and not call.only_asks
        self._enter(thread, is_moment)

    def _enter(self, thread: Thread, is_moment: bool) -> None:
        process = thread.process
        process.fds.sync()
        self._calls += 1
        thread.call = self._calls
        thread.entered = syscalls.decode_args(thread.name, thread.args, process.memory)
        file, line = self._sources.where(process.pid, thread.tid, process.memory)
        t = self._journal.emit(
            ev.SyscallEntered(
                call=thread.call,
                pid=process.pid,
                tid=thread.tid,
                host=process.host,
                name=thread.name,
                args=thread.entered,
                file=file,
                line=line,
            )
        )
        if is_moment:
            moment = self._conductor.arrive("syscall", thread.call, t)
            if moment is not None:
                self._held[thread.call] = thread
                pending = ev.MomentPending(moment=moment.id, kind="syscall", call=thread.call, due_t=moment.due_t)
                self._journal.emit(pending)
                return
        if syscalls.CALLS[thread.name].returns:
            ptrace.resume_to_exit(thread.tid)
        else:
            ptrace.resume(thread.tid)

    def _returned(self, thread: Thread) -> None:
        value = ptrace.returned_value(thread.tid)
        process, name, entry = thread.process, thread.name, thread.entry
        if thread.call == 0:
            self._descriptors(thread, value, syscalls.decode_result(name, thread.args, value, process.memory, {}))
            ptrace.resume(thread.tid)
            return
        decoded = syscalls.decode_result(name, thread.args, value, process.memory, thread.entered)
        cookie = self._descriptors(thread, value, decoded) or (entry.socket if entry is not None else None)
        self._table.after_call(process.host, syscalls.CALLS[name], cookie)
        new_fds = decoded.pop("new_fds", None)
        if new_fds and "values" not in decoded:
            decoded["values"] = {"fds": new_fds}  # of pipe and socketpair; recvmsg shows them as control messages
        self._journal.emit(
            ev.SyscallReturned(
                call=thread.call,
                pid=process.pid,
                tid=thread.tid,
                result=value if value >= 0 else None,
                error=syscalls.errno_name(value) if value < 0 else None,
                **decoded,
            )
        )
        thread.call = 0
        thread.entry = None
        ptrace.resume(thread.tid)

    # -- what a call does to the descriptor table

    def _descriptors(self, thread: Thread, value: int, decoded: dict[str, Any]) -> str | None:
        """Follow one call; returns the cookie of a socket that it made."""
        process, call, fds = thread.process, syscalls.CALLS[thread.name], thread.process.fds
        if call.frees and call.fds:
            # On Linux the descriptor is free whatever close() says, but for EBADF (close(2), NOTES).
            fd = thread.args[call.fds[0].index] & 0xFFFFFFFF
            if fds.get(fd) is thread.entry and value != _EBADF:
                fds.closed(fd)
        elif value < 0:
            return None
        elif call.makes == "copy":
            if "new_fd" in decoded:
                fds.duplicated(thread.args[call.fds[0].index] & 0xFFFFFFFF, decoded["new_fd"])
        elif "new_fd" in decoded:
            return self._opened(process, decoded["new_fd"])
        elif "new_fds" in decoded:
            for fd in decoded["new_fds"]:
                self._opened(process, fd)
        elif call.frees or call.brings_fds:
            fds.sync()  # a range of numbers is free; or more came than the control messages that were read say
        return None

    def _opened(self, process: Process, fd: int) -> str | None:
        try:
            cookie = process.fds.cookie(fd)
        except OSError:
            process.fds.discover(fd)
            return None
        process.fds.opened_socket(fd, cookie)
        return cookie

    # -- processes come and go

    def _add(self, pid: int, host: str) -> Thread:
        fds = FdTable(
            pid,
            self._journal,
            self._owners,
            lambda fd, cookie: self._table.before_fd(host, fds.pidfd, fd, cookie),
        )
        process = Process(pid, host, fds)
        thread = Thread(pid, process)
        process.threads[pid] = thread
        self.processes[pid] = process
        self._threads[pid] = thread
        return thread

    def _adopt(self, tid: int) -> Thread | None:
        """A new thread, or the first thread of a new process; None if it is gone already."""
        try:
            group, parent_pid = _group_and_parent(tid)
        except OSError:
            return None
        process = self.processes.get(group)
        if process is not None:
            thread = Thread(tid, process)
            process.threads[tid] = thread
            self._threads[tid] = thread
            return thread
        parent = self.processes.get(parent_pid)
        if parent is None:
            return None
        try:
            thread = self._add(tid, parent.host)
        except OSError:
            return None  # killed before it ran: its /proc files belong to nobody (EACCES)
        process = thread.process
        process.program, process.argv, process.executed = parent.program, parent.argv, parent.executed
        self._journal.emit(
            ev.ProcessStarted(host=process.host, pid=tid, program=process.program, argv=process.argv, parent=parent.pid)
        )
        process.fds.inherit(parent.fds)
        return thread

    def _executed(self, thread: Thread, former: int) -> None:
        process = thread.process
        for tid in [tid for tid in process.threads if tid != process.pid]:
            self._forget(process.threads[tid])
        if former != thread.tid:
            self._release_dead(thread)
        process.memory.close()
        process.argv = _command_line(process.pid) or process.argv
        process.program = os.path.basename(process.argv[0]) if process.argv else "?"
        self._sources.forget(process.pid)
        if process.executed:
            self._journal.emit(ev.ProcessExecuted(pid=process.pid, program=process.program, argv=process.argv))
        else:
            process.executed = True
            self._on_executed(process)
        process.fds.sync(whole=True)
        self._table.after_closing(process.host)  # by close-on-exec
        ptrace.resume(thread.tid)

    def _ended(self, thread: Thread, status: int) -> None:
        process = thread.process
        self._forget(thread)
        if thread.tid != process.pid:
            return
        for other in list(process.threads.values()):
            self._forget(other)
        del self.processes[process.pid]
        process.fds.close()
        process.memory.close()
        self._sources.forget(process.pid)
        self._table.after_closing(process.host)
        if os.WIFEXITED(status):
            self._on_exited(process, os.WEXITSTATUS(status), None)
        else:
            self._on_exited(process, None, signal.Signals(os.WTERMSIG(status)).name)

    def _forget(self, thread: Thread) -> None:
        self._release_dead(thread)
        self._threads.pop(thread.tid, None)
        thread.process.threads.pop(thread.tid, None)

    def _release_dead(self, thread: Thread) -> None:
        """What a thread waited for will not happen any more."""
        if self._held.pop(thread.call, None) is None:
            return
        moment = self._conductor.find("syscall", thread.call)
        if moment is not None and self._conductor.release(moment.id) is not None:
            self._journal.emit(
                ev.MomentReleased(moment=moment.id, kind="syscall", call=thread.call, why="the thread ended")
            )


def _group_and_parent(tid: int) -> tuple[int, int]:
    with open(f"/proc/{tid}/status", "rb") as status:
        fields = dict(line.split(b":", 1) for line in status.read().splitlines()[:12] if b":" in line)
    return int(fields[b"Tgid"]), int(fields[b"PPid"])


def _command_line(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return [part.decode(errors="replace") for part in file.read().split(b"\0")[:-1]]
    except OSError:
        return []
