"""What becomes of each stop of a traced thread: facts of the stop in, events and resumptions out (ptrace(2)).

How a call goes by. A thread stops *before* the kernel begins the call (``entering``). Calls that say nothing about
sockets are let go here: reads and writes of plain files, and closes of descriptors that never were interesting. They
cost one stop and no event. Of the others the arguments are wanted (``Describe``); once they are known
(``described``), ``syscall.entered`` is logged and the conductor is asked. Either the thread goes on at once, or it
stays in its stop, for minutes if a person wants, until ``go``. It stops once more when the call returns
(``returned``); then the table of descriptors and the socket table are brought up to date, and ``syscall.returned`` is
logged. So a call's entry stands before all that the kernel does because of it, and its return after it.

A call that a signal interrupts returns an ``ERESTART…`` and is entered again, as strace shows it too.

Known limits: a process that shares its descriptor table with another *process* (CLONE_FILES without CLONE_THREAD) is
shown with a table of its own; no ordinary program does that.

What is to be done goes out as a list of steps, to be taken in their order; a step that is an event is logged.
"""

from __future__ import annotations

import errno
import signal
from collections.abc import Sequence
from typing import Final

from server import events as ev
from server.deciders.conductor import Conductor
from server.deciders.sleepers import Sleepers
from server.deciders.tracee import (
    AskWhetherFree,
    Begun,
    Compare,
    Copy,
    Ended,
    Fd,
    Find,
    Free,
    Inherit,
    Leave,
    Listen,
    LookAfterCall,
    LookAfterClosing,
    Process,
    Renew,
    Resume,
    Steps,
    Thread,
)
from server.inet.arguments import Fields, Results
from server.inet.syscalls import WAITING, Call, errno_name

STOP_SIGNALS: Final = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_STDIO: Final = frozenset({0, 1, 2})


class Tracees:
    """All traced processes of one sandbox.

    Args:
        conductor: Who decides whether a call may enter.
        sleepers: Who is told of calls in which a thread may be put to sleep.
    """

    def __init__(self, conductor: Conductor, sleepers: Sleepers) -> None:
        self.processes: dict[int, Process] = {}
        self.threads: dict[int, Thread] = {}
        self._held: dict[int, Thread] = {}
        self._conductor = conductor
        self._sleepers = sleepers
        self._calls = 0

    # -- they come

    def seized(self, pid: int, host: str, program: str, fds: dict[int, Fd]) -> None:
        """A process was forked for a program, and has not executed it yet."""
        self._add(Process(pid, host, program, fds))

    def forked(self, pid: int, parent: Process, fds: dict[int, Fd]) -> Steps:
        """A traced process has made another one."""
        process = Process(pid, parent.host, parent.program, fds)
        process.argv, process.executed = parent.argv, parent.executed
        self._add(process)
        started = ev.ProcessStarted(
            host=process.host, pid=pid, program=process.program, argv=process.argv, parent=parent.pid
        )
        return [started, Inherit(pid, parent.pid)]

    def joined(self, tid: int, process: Process) -> None:
        """A traced process has one more thread."""
        self.threads[tid] = process.threads[tid] = Thread(tid, process)

    def _add(self, process: Process) -> None:
        self.processes[process.pid] = process
        self.joined(process.pid, process)

    # -- a call is entered

    def entering(self, thread: Thread, row: Call | None, args: tuple[int, ...]) -> Steps:
        """A thread has stopped before a call; ``row`` is None for a call that is not shown."""
        process = thread.process
        if row is None or not process.executed:
            return [thread.goes_on]
        thread.row, thread.args = row, args
        if not row.fds:
            thread.entry = None
            return [thread.is_described]
        fd = args[row.fds[0].index] & 0xFFFFFFFF
        entry = thread.entry = process.fds.get(fd)
        if row.kind not in ("io", "fd") or (entry is not None and entry.kind == "socket"):
            return [thread.is_described]
        if entry is None:
            return [AskWhetherFree(thread, fd)]
        if row.kind == "io" and entry.kind == "file" and fd not in _STDIO:
            return [thread.goes_on]
        if row.kind == "fd" and (entry.kind == "file" or row.name == "fcntl"):
            return self._followed(thread)
        return [thread.is_described]

    def answered(self, thread: Thread, *, is_free: bool) -> Steps:
        """Whether the number that a call is about to work on, and that is not known, points to nothing."""
        assert thread.row is not None
        if is_free:
            return [thread.is_described]  # EBADF: a mistake that its maker wants to see
        if any(argument.replaced for argument in thread.row.fds):
            return self._followed(thread)  # dup2 may make a number that we do know point to something else
        return [thread.goes_on]

    def _followed(self, thread: Thread) -> Steps:
        """Nothing to show, but the table of descriptors may change."""
        thread.call = 0
        thread.entered = {}
        return [thread.to_its_return]

    def described(self, thread: Thread, entered: Fields, file: str | None, line: int | None, t: int) -> Steps:
        """What a call is about to do.

        Args:
            thread: Who enters it.
            entered: Its decoded arguments.
            file: The program's file whose statement makes the call, where that is known.
            line: The line of the statement.
            t: Now (ns).
        """
        row, process = thread.row, thread.process
        assert row is not None
        self._calls += 1
        thread.call = self._calls
        thread.entered = entered
        event = ev.SyscallEntered(
            call=thread.call,
            pid=process.pid,
            tid=thread.tid,
            host=process.host,
            name=row.name,
            args=entered,
            file=file,
            line=line,
        )
        if _is_moment(thread, row):
            moment = self._conductor.arrive("syscall", thread.call, t)
            if moment is not None:
                self._held[thread.call] = thread
                return [
                    event,
                    ev.MomentPending(moment=moment.id, kind="syscall", call=thread.call, due_t=moment.due_t),
                ]
            self._sleepers.enters(thread, t)
        return [event, thread.to_its_return if row.returns else thread.goes_on]

    def go(self, call: int, t: int) -> Steps:
        """The moment of a call was released (``t``: now, ns): let it enter."""
        thread = self._held.pop(call, None)
        if thread is None:
            return []
        self._sleepers.enters(thread, t)
        return [thread.to_its_return]

    # -- a call returns

    def may_have_sent(self, thread: Thread) -> bool:
        """Whether the call that a thread comes back from may have made its host send, or waited for what was sent."""
        return thread.entry is not None or (thread.row is not None and thread.row.name in WAITING)

    def returned(self, thread: Thread, value: int, decoded: Results) -> Steps:
        """A call has returned.

        Args:
            thread: Who made it.
            value: What it returned; an error is a negative errno.
            decoded: What it gave back; empty if it failed.
        """
        row, process, entry = thread.row, thread.process, thread.entry
        assert row is not None
        steps = self._changes(thread, row, value, decoded)
        if thread.call == 0:
            steps.append(thread.goes_on)
            return steps
        made = -1 if row.makes == "copy" else decoded.get("new_fd", -1)
        look = LookAfterCall(process, row, made, entry.socket if entry is not None else None)
        values, new_fds = decoded.get("values"), decoded.get("new_fds")
        if new_fds and values is None:
            values = {"fds": new_fds}  # of pipe and socketpair; recvmsg shows them as control messages
        event = ev.SyscallReturned(
            call=thread.call,
            pid=process.pid,
            tid=thread.tid,
            result=value if value >= 0 else None,
            error=errno_name(value) if value < 0 else None,
            new_fd=decoded.get("new_fd"),
            address=decoded.get("address"),
            bytes=decoded.get("bytes"),
            data=decoded.get("data"),
            values=values,
        )
        self._sleepers.leaves(thread.call)
        thread.call = 0
        thread.entry = None
        return [*steps, look, event, thread.goes_on]

    def _changes(self, thread: Thread, row: Call, value: int, decoded: Results) -> Steps:
        """What a call has done to the descriptors of its process."""
        pid = thread.process.pid
        if row.frees and row.fds:
            # On Linux the descriptor is free whatever close() says, but for EBADF (close(2), NOTES).
            fd = thread.args[row.fds[0].index] & 0xFFFFFFFF
            is_same = thread.entry is not None and thread.process.fds.get(fd) is thread.entry
            return [Free(pid, fd)] if is_same and value != -errno.EBADF else []
        if value < 0:
            return []
        if row.makes == "copy":
            if "new_fd" not in decoded:
                return []
            return [Copy(pid, thread.args[row.fds[0].index] & 0xFFFFFFFF, decoded["new_fd"])]
        if "new_fd" in decoded:
            return [Find(pid, decoded["new_fd"])]
        if "new_fds" in decoded:
            return [Find(pid, fd) for fd in decoded["new_fds"]]
        if row.frees or row.brings_fds:
            return [Compare(pid)]  # a range of numbers is free; or more came than the messages that were read say
        return []

    # -- other stops

    def signalled(self, thread: Thread, number: int) -> Steps:
        """A thread has stopped because it is about to get a signal."""
        return [Resume(thread.tid, number)]

    def stopped(self, thread: Thread, number: int) -> Steps:
        """A thread has stopped with its group, because of a signal that stops; or it has only begun to be traced."""
        return [Listen(thread.tid) if number in STOP_SIGNALS else thread.goes_on]

    def cloned(self, thread: Thread) -> Steps:
        """A thread has made another thread or process; the call that did it has not returned yet."""
        return [thread.to_its_return if thread.call else thread.goes_on]

    def executed(self, thread: Thread, former: int, argv: Sequence[str]) -> Steps:
        """A process has executed a program: execve(2) ends its other threads.

        Args:
            thread: The thread that is left; it has the process's number now.
            former: The number that it had before.
            argv: The program and its arguments; empty if they could not be read.
        """
        process = thread.process
        steps: Steps = []
        for other in [other for tid, other in process.threads.items() if tid != process.pid]:
            steps += self._forget(other)
        if former != thread.tid:
            steps += self._release_dead(thread)
        process.argv = list(argv) or process.argv
        steps.append(Renew(process.pid))
        if process.executed:
            process.program = process.argv[0].rpartition("/")[2] if process.argv else "?"
            steps.append(ev.ProcessExecuted(pid=process.pid, program=process.program, argv=process.argv))
        else:
            process.executed = True
            steps.append(Begun(process))
        # Close-on-exec may have closed some of its descriptors.
        return [*steps, Compare(process.pid, whole=True), LookAfterClosing(process.host), thread.goes_on]

    def ended(self, thread: Thread, code: int | None, by_signal: str | None) -> Steps:
        """A thread has ended, and with the first one its process: with an exit code, or by a signal."""
        process = thread.process
        steps = self._forget(thread)
        if thread.tid != process.pid:
            return steps
        for other in list(process.threads.values()):
            steps += self._forget(other)
        del self.processes[process.pid]
        return [*steps, Leave(process.pid), LookAfterClosing(process.host), Ended(process, code, by_signal)]

    def _forget(self, thread: Thread) -> Steps:
        self.threads.pop(thread.tid, None)
        thread.process.threads.pop(thread.tid, None)
        return self._release_dead(thread)

    def _release_dead(self, thread: Thread) -> Steps:
        """What a thread waited for will not happen any more."""
        self._sleepers.leaves(thread.call)
        if self._held.pop(thread.call, None) is None:
            return []
        moment = self._conductor.find("syscall", thread.call)
        if moment is None or self._conductor.release(moment.id) is None:
            return []
        return [ev.MomentReleased(moment=moment.id, kind="syscall", call=thread.call, why="the thread ended")]


def _is_moment(thread: Thread, row: Call) -> bool:
    """Whether people may want to hold a call: it works on sockets or waits. Who only asks changes nothing."""
    on_socket = thread.entry is not None and thread.entry.kind == "socket"
    return (on_socket or row.kind == "socket" or row.name in WAITING) and not row.only_asks
