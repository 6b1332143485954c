"""What a row of the table of system calls says, and which rows are refused.

A row states facts of the call itself, from its man page and the kernel: whoever needs one (the tracer, the
socket table, a capture, the page) reads the column, and nobody keeps a list of names beside it. What a program, a
lab or a page wants to make of a call is no fact of the call and has no column.

A row that contradicts itself, has no number on any machine, stands twice or out of order ends the import.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from server.inet.arguments import ArgumentDecoder, Fields, Memory, Registers, ResultDecoder, Results
from server.inet.syscall_numbers import NUMBERS

Kind = Literal["socket", "fd", "io", "wait", "process"]
Makes = Literal["socket", "descriptor", "copy", "process"]

_REGISTERS: Final = 6


@dataclass(frozen=True, slots=True)
class FdArgument:
    """An argument that is the number of a file descriptor.

    Attributes:
        index: Which of the six registers holds it.
        field: Its name among the decoded arguments, which is the man page's.
        replaced: The number may be free or in use; afterwards it points to something else (dup2(2)).
    """

    index: int
    field: str
    replaced: bool = False


def nothing(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The decoder of a call that gives back no more than its result."""
    return {}


@dataclass(frozen=True, slots=True)
class Call:
    """One system call and all that is known of it beforehand.

    Attributes:
        name: As in the kernel's table and strace: a program's ``recv()`` is ``recvfrom``.
        kind: What it is about. ``socket``: it makes a socket or works on one. ``io``: it moves bytes through any
            descriptor. ``wait``: it waits for readiness, or says what to wait for. ``fd``: it changes the table of
            descriptors. ``process``: it makes, ends or waits for a process or thread, or lets one sleep.
        fds: Its arguments that are descriptors; the first is the one that it works on. Those that lie in memory
            (poll(2), select(2), SCM_RIGHTS) are no arguments: the decoders list them.
        decode_args: Registers and memory at its entry, to named arguments.
        decode_result: The same at its return, with the result; it is asked only about success.
        may_sleep: The thread may have to wait in the kernel for a peer, a child or a clock, as long as nothing
            was made non-blocking (O_NONBLOCK, MSG_DONTWAIT). A page of a disk or a lock in the kernel do not count.
        only_asks: It changes nothing that another call or the wire could show. getsockopt(2) counts, though
            reading SO_ERROR clears it.
        makes: What there is more of when it has succeeded. ``socket``: a socket, and a descriptor that names it.
            ``descriptor``: a descriptor, for something that was there before (accept(2): the kernel made the socket
            at the handshake) or is no socket. ``copy``: a descriptor that points to what the first one points to.
            ``process``: a process or a thread (with CLONE_PIDFD a descriptor, too).
        frees: The descriptor that it works on is free afterwards; without one, a range of them.
        bytes: ``out``: it hands a program's bytes to its first descriptor. ``in``: it takes bytes from there.
        brings_fds: Descriptors may come with the bytes (unix(7), SCM_RIGHTS).
        sends: It can make the host's kernel send a packet on the first descriptor's socket: bytes, a SYN, a FIN, a
            RST. An acknowledgment and a retransmission need no call. Not counted: what setsockopt(2) lets go by
            clearing TCP_CORK, and the FIN of a socket that dup2(2) or close_range(2) closes on the way.
        changes_sockets: It makes, names, connects or ends a socket, so that the kernel's table of sockets
            (sock_diag(7)) is not what it was. Bytes in a queue do not count.
        returns: It comes back to the program.
        said_as: What the author of a program calls it, where the C library has another name for it (send(2) is
            ``sendto``); its man page in section 2.
    """

    name: str
    kind: Kind
    fds: tuple[FdArgument, ...]
    decode_args: ArgumentDecoder
    decode_result: ResultDecoder = nothing
    may_sleep: bool = False
    only_asks: bool = False
    makes: Makes | None = None
    frees: bool = False
    bytes: Literal["in", "out"] | None = None
    brings_fds: bool = False
    sends: bool = False
    changes_sockets: bool = False
    returns: bool = True
    said_as: str = ""

    def __post_init__(self) -> None:
        """Fill in ``said_as``, and refuse a row that contradicts itself.

        Raises:
            ValueError: Two columns cannot both be true.
        """
        if not self.said_as:
            object.__setattr__(self, "said_as", self.name)
        indexes = [fd.index for fd in self.fds]
        changes = self.makes or self.frees or self.bytes or self.sends or self.changes_sockets
        wrong = {
            "each descriptor is another of the six arguments": len(set(indexes)) < len(indexes)
            or not set(indexes) <= set(range(_REGISTERS)),
            "bytes and packets go through a descriptor": (self.bytes or self.sends) and not self.fds,
            "a copy is made of a descriptor": self.makes == "copy" and not self.fds,
            "only a copy replaces what a descriptor points to": any(fd.replaced for fd in self.fds)
            and self.makes != "copy",
            "who hands out bytes may send": self.bytes == "out" and not self.sends,
            "descriptors come with bytes": self.brings_fds and self.bytes != "in",
            "who only asks neither changes anything nor waits": self.only_asks and (changes or self.may_sleep),
            "who makes a socket changes the table of sockets": self.makes == "socket" and not self.changes_sockets,
            "what does not return gives nothing": not self.returns and (changes or self.decode_result is not nothing),
        }
        for rule, is_broken in wrong.items():
            if is_broken:
                raise ValueError(f"the row of {self.name}: {rule}")


def table(rows: tuple[Call, ...]) -> dict[str, Call]:
    """The rows by name.

    Raises:
        ValueError: A name has no number on any machine, stands twice, or stands out of order.
    """
    numbered = {name for names in NUMBERS.values() for name in names.values()}
    for row in rows:
        if row.name not in numbered:
            raise ValueError(f"no machine has a number for {row.name}: see syscall_numbers.py")
    for first, second in pairwise(row.name for row in rows):
        if first >= second:
            raise ValueError(f"the rows are in the order of their names, each once: {first}, {second}")
    return {row.name: row for row in rows}
