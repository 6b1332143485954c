"""The frames of all hosts: read from their ends of the wire, and put there. What becomes of each is decided elsewhere.

A host's ``eth0`` is one end of a veth pair; the other end is in the sandbox's own namespace, read and
written here by a packet socket. When ``send`` to the target's end returns, the target's kernel has already
processed the packet (the receive softirq runs before the system call ends), so the socket table can be
read at once and shows what that very packet did.

A host's loopback is listened to as well.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from server.linux import packet_socket
from server.sandbox.hosts import Host

_LONGEST = 65600


class Wire:
    """One end for each host, and its loopback."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}

    def attach(self, host: Host) -> None:
        """Connect a host."""
        self._hosts[host.name] = host
        packet_socket.keep_outgoing(host.loopback)

    def receive(self, host: str) -> bytes | None:
        """The next frame that a host has sent; None if there is none yet.

        Raises:
            OSError: Its end of the wire cannot be read.
        """
        return _receive(self._hosts[host].wire)

    def receive_loopback(self, host: str) -> bytes | None:
        """The next frame that a host has sent to itself; None if there is none yet.

        Raises:
            OSError: Its loopback cannot be read.
        """
        return _receive(self._hosts[host].loopback)

    def put(self, host: str, frame: bytes) -> bool:
        """Hand a frame to a host; returns whether its interface took it."""
        try:
            self._hosts[host].wire.send(frame)
        except OSError:
            return False
        return True

    def losses(self) -> Iterator[tuple[str, str, int]]:
        """Where the kernel dropped packets because we read too slowly: host, ``wire`` or ``loopback``, how many."""
        for host in self._hosts.values():
            for source, what in ((host.wire, "wire"), (host.loopback, "loopback")):
                count = packet_socket.overflowed(source)
                if count:
                    yield host.name, what, count


def _receive(source: socket.socket) -> bytes | None:
    try:
        return source.recv(_LONGEST)
    except BlockingIOError:
        return None
