"""The file descriptor tables of the traced processes, kept equal to the kernel's.

Calls that make or free descriptors are followed one by one (the tracer tells). Plain files are not:
an interpreter opens hundreds while it starts. They are found by comparing the size of the kernel's
table with ours whenever a call is logged: since Linux 6.2 fstat(2) of ``/proc/PID/fd`` gives that
size at once; on an older kernel the table itself is read, as long as it is small.
"""

from __future__ import annotations

import os

from server import events as ev
from server.deciders.tracee import Fd, FdKind
from server.linux import pidfd
from server.sandbox.journal import Journal
from server.sandbox.owners import Owners
from server.sandbox.table import Table

_SMALL_TABLE = 256
_KINDS: tuple[tuple[str, FdKind], ...] = (
    ("socket:", "socket"),
    ("pipe:", "pipe"),
    ("anon_inode:[eventpoll]", "epoll"),
    ("anon_inode:[eventfd]", "eventfd"),
    ("/", "file"),
)


class FdTable:
    """The descriptors of one process; every change becomes an event.

    Args:
        pid: The process.
        host: Where it runs.
        journal: Where the events go.
        owners: Who names which socket, shared by the whole sandbox.
        table: The socket table: a socket appears in it before the event of a descriptor that names it.

    Raises:
        OSError: The process is gone.
    """

    def __init__(self, pid: int, host: str, journal: Journal, owners: Owners, table: Table) -> None:
        self.pid = pid
        self.entries: dict[int, Fd] = {}
        self._host = host
        self._journal = journal
        self._owners = owners
        self._table = table
        self._pidfd = os.pidfd_open(pid)
        try:
            self._folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            os.close(self._pidfd)
            raise
        owners.pidfds[pid] = self._pidfd
        self._counts = os.fstat(self._folder).st_size > 0

    def close(self) -> None:
        """Give back what looking at the process took; its entries are closed first, as its end does."""
        del self._owners.pidfds[self.pid]
        for fd in list(self.entries):
            self.closed(fd)
        os.close(self._folder)
        os.close(self._pidfd)

    def is_free(self, fd: int) -> bool:
        """Whether a number points to nothing in the kernel's own table."""
        return self._target(str(fd)) is None

    def opened(self, fd: int, entry: Fd) -> None:
        """A number points to something now (dup2(2) may have closed what it pointed to before)."""
        former = self.entries.get(fd)
        if former is not None:
            if (former.kind, former.socket, former.path) == (entry.kind, entry.socket, entry.path):
                return  # another thread's call was logged meanwhile, and the number was found then
            self.closed(fd)
        self.entries[fd] = entry
        if entry.socket is not None:
            self._owners.add(entry.socket, self.pid, fd)
        event = ev.FdOpened(pid=self.pid, fd=fd, kind=entry.kind, socket=entry.socket, path=entry.path)
        self._journal.emit(event)

    def closed(self, fd: int) -> None:
        """A number is free again."""
        entry = self.entries.pop(fd, None)
        if entry is None:
            return
        if entry.socket is not None:
            self._owners.remove(entry.socket, self.pid, fd)
        self._journal.emit(ev.FdClosed(pid=self.pid, fd=fd, kind=entry.kind, socket=entry.socket))

    def discover(self, fd: int) -> None:
        """A call made a descriptor: look what it is."""
        try:
            cookie = self.cookie(fd)
        except OSError:
            pass  # no socket
        else:
            self.opened(fd, self._socket(fd, cookie))
            return
        target = self._target(str(fd))
        if target is not None:
            self.opened(fd, self._classify(fd, target))

    def duplicated(self, old: int, new: int) -> None:
        """dup(2) and its family made ``new`` point to what ``old`` points to."""
        entry = self.entries.get(old)
        if entry is None:
            self.discover(new)
        elif old != new:
            self.opened(new, Fd(entry.kind, entry.socket, entry.path))

    def inherit(self, parent: FdTable) -> None:
        """Take over a copy of the parent's table, as fork(2) does."""
        for fd, entry in sorted(parent.entries.items()):
            self.opened(fd, Fd(entry.kind, entry.socket, entry.path))

    def cookie(self, fd: int) -> str:
        """The cookie of the socket behind a number.

        Raises:
            OSError: The number is free, is no socket, or the process is gone.
        """
        return str(pidfd.cookie(self._pidfd, fd))

    def sync(self, *, whole: bool = False) -> None:
        """Compare with the kernel's table and follow it.

        Args:
            whole: Read every entry again, also when the sizes agree (after execve(2), which may have
                closed some and kept the others).
        """
        try:
            if not whole:
                if self._counts:
                    if os.fstat(self._folder).st_size == len(self.entries):
                        return
                elif len(self.entries) > _SMALL_TABLE:
                    return
            present = {int(name): self._target(name) for name in os.listdir(self._folder)}
        except OSError:
            return  # the process is ending; its exit closes what is left
        for fd in [fd for fd in self.entries if present.get(fd) is None]:
            self.closed(fd)
        for fd, target in sorted(present.items()):
            if target is not None and not self._is_known(fd, target):
                self.opened(fd, self._classify(fd, target))

    def _is_known(self, fd: int, target: str) -> bool:
        entry = self.entries.get(fd)
        if entry is None:
            return False
        return entry.path == target if entry.socket is None else target.startswith("socket:")

    def _target(self, name: str) -> str | None:
        try:
            return os.readlink(name, dir_fd=self._folder)
        except OSError:
            return None

    def _classify(self, fd: int, target: str) -> Fd:
        kind: FdKind = next((kind for start, kind in _KINDS if target.startswith(start)), "other")
        if kind != "socket":
            return Fd(kind, path=target)
        try:
            cookie = self.cookie(fd)
        except OSError:
            return Fd("socket")
        return self._socket(fd, cookie)

    def _socket(self, fd: int, cookie: str) -> Fd:
        """An entry that names a socket, or (of a family that is not observed) only says that there is one."""
        if self._table.before_fd(self._host, self._pidfd, fd, cookie):
            return Fd("socket", socket=cookie)
        return Fd("socket", path=self._target(str(fd)))
