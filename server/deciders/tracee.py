"""What is known of one traced process, and the steps that can be taken with it (``tracees`` decides which)."""

from __future__ import annotations

from typing import Literal

import msgspec

from server import events as ev
from server.inet.arguments import Fields
from server.inet.syscalls import Call

# --- what is known of the traced --------------------------------------------------------------

FdKind = Literal["socket", "pipe", "file", "epoll", "eventfd", "other"]


class Fd:
    """What one number of a table points to. Two entries are the same only if they are the same object."""

    __slots__ = ("kind", "path", "socket")

    def __init__(self, kind: FdKind, socket: str | None = None, path: str | None = None) -> None:
        self.kind: FdKind = kind
        self.socket = socket
        self.path = path


class Process:
    """One traced process.

    Attributes:
        fds: Its descriptors as far as they are known. Whoever looks at the kernel's table keeps them.
        executed: It has become a program; before that it is a copy of ours.
    """

    __slots__ = ("argv", "executed", "fds", "host", "pid", "program", "threads")

    def __init__(self, pid: int, host: str, program: str, fds: dict[int, Fd]) -> None:
        self.pid = pid
        self.host = host
        self.program = program
        self.fds = fds
        self.argv: list[str] = []
        self.executed = False
        self.threads: dict[int, Thread] = {}


class Thread:
    """One traced thread and the call that it is in: ``call`` is 0 if it is in none that is shown."""

    __slots__ = (
        "args", "call", "entered", "entry", "goes_on", "is_described", "process", "row", "tid", "to_its_return",
    )  # fmt: skip

    def __init__(self, tid: int, process: Process) -> None:
        self.tid = tid
        self.process = process
        self.call = 0
        self.row: Call | None = None
        self.args: tuple[int, ...] = ()
        self.entry: Fd | None = None
        self.entered: Fields = {}
        # The steps that nearly every stop ends with, made once.
        self.goes_on = Resume(tid)
        self.to_its_return = ResumeToReturn(tid)
        self.is_described = Describe(self)


# --- what is to be done -----------------------------------------------------------------------


class Resume(msgspec.Struct, frozen=True):
    """Let a thread run until its next stop, with a signal if ``signal`` is not 0."""

    tid: int
    signal: int = 0


class ResumeToReturn(msgspec.Struct, frozen=True):
    """Let a thread run until the call that it enters or is in returns."""

    tid: int


class Listen(msgspec.Struct, frozen=True):
    """Leave a thread in its group-stop until something wakes it."""

    tid: int


class Describe(msgspec.Struct, frozen=True):
    """Compare the process's descriptors, then read the arguments and the place of a call, for ``described``."""

    thread: Thread


class AskWhetherFree(msgspec.Struct, frozen=True):
    """Look whether a number points to nothing in the kernel's own table, for ``answered``."""

    thread: Thread
    fd: int


class LookWhetherAsleep(msgspec.Struct, frozen=True):
    """Look whether the kernel has put a thread to sleep inside a call, for ``looked``."""

    thread: Thread
    call: int


class Free(msgspec.Struct, frozen=True):
    """A number of a process points to nothing any more."""

    pid: int
    fd: int


class Copy(msgspec.Struct, frozen=True):
    """A number of a process points to what another one points to."""

    pid: int
    old: int
    new: int


class Find(msgspec.Struct, frozen=True):
    """A number of a process points to something new: find out what it is."""

    pid: int
    fd: int


class Compare(msgspec.Struct, frozen=True):
    """Compare the descriptors of a process with the kernel's table; ``whole``: each of them."""

    pid: int
    whole: bool = False


class Inherit(msgspec.Struct, frozen=True):
    """A process has a copy of its parent's descriptors."""

    pid: int
    parent: int


class Renew(msgspec.Struct, frozen=True):
    """A process's memory is another program's: forget what was known of it."""

    pid: int


class Leave(msgspec.Struct, frozen=True):
    """A process is gone: its descriptors are closed, and there is nothing more to look at."""

    pid: int


class LookAfterCall(msgspec.Struct, frozen=True):
    """A call was made: bring up to date what it may have changed in its host's socket table.

    Attributes:
        made: The number that it made; -1: none.
        socket: The socket that it worked on.
    """

    process: Process
    row: Call
    made: int
    socket: str | None


class LookAfterClosing(msgspec.Struct, frozen=True):
    """A process of a host has ended or executed another program: sockets that it alone had are closed."""

    host: str


class Begun(msgspec.Struct, frozen=True):
    """A program that a command started runs."""

    process: Process


class Ended(msgspec.Struct, frozen=True):
    """A process has ended, with its exit code or by a signal."""

    process: Process
    code: int | None
    signal: str | None


Step = (
    ev.Event
    | Resume
    | ResumeToReturn
    | Listen
    | Describe
    | AskWhetherFree
    | LookWhetherAsleep
    | Free
    | Copy
    | Find
    | Compare
    | Inherit
    | Renew
    | Leave
    | LookAfterCall
    | LookAfterClosing
    | Begun
    | Ended
)
Steps = list[Step]
