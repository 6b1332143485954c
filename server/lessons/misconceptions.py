"""What people believe about ports and sockets, and what is so. A lab names by number the ones that it settles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misconception:
    """One of them.

    Attributes:
        belief: What people believe.
        so: What is so, and where it is seen.
    """

    belief: str
    so: str


MISCONCEPTIONS: dict[int, Misconception] = {
    1: Misconception(
        "accept() opens a new port for each client.",
        "The connected socket has the listening socket's port. Only the remote end differs.",
    ),
    2: Misconception(
        "So a server holds at most 64 k connections.",
        "The limit is per five-tuple: one client address to one server address and port.",
    ),
    3: Misconception(
        "A socket is IP + port, one per port.",
        "RFC 9293 uses the word for the address. The API's socket is an object, and n + 1 of them share one port.",
    ),
    4: Misconception(
        "The client uses the server's port, or the answer comes from another one.",
        "The client's port is ephemeral. The answer comes from the port that was asked.",
    ),
    5: Misconception(
        "The handshake happens in accept(), or connect() waits for it.",
        "The kernel answers the SYN alone. connect() returns while the server still sleeps. The socket is ESTABLISHED "
        "with inode 0.",
    ),
    6: Misconception(
        "The backlog is the maximum number of clients.",
        "It limits those not yet accepted. Linux admits backlog + 1, then ignores the final ACKs of the handshakes.",
    ),
    7: Misconception(
        "The listening socket carries data.",
        "It never does. Its queue counts connections, not bytes.",
    ),
    8: Misconception("One send is one recv.", "A stream has bytes, not messages."),
    9: Misconception(
        "close() frees the port at once; TIME-WAIT is a bug.",
        "Who closes first waits 60 s on Linux, so that a late segment cannot enter a new connection.",
    ),
    10: Misconception(
        '127.0.0.1 and 0.0.0.0 are the same; "refused" is a network fault.',
        "bind() chooses who can reach you. Refused is an answer (RST): a machine is there, nobody listens.",
    ),
    11: Misconception("TCP port 7 and UDP port 7 collide.", "The protocol is part of the five-tuple."),
    12: Misconception(
        "UDP is one-way, its connect() sends packets, it cannot be refused.",
        "One socket, many peers, both ways. connect() only stores an address. An ICMP port-unreachable comes back as "
        "ECONNREFUSED.",
    ),
    13: Misconception(
        "bind and connect are the same; there is a handshake for each message.",
        "bind() chooses this end, connect() the other one. There is one handshake for each connection, none in UDP.",
    ),
    14: Misconception(
        "close() is shutdown(); a FIN closes both directions.",
        "Half-close: one direction ends, the other goes on.",
    ),
    15: Misconception(
        "A socket is a file on disk; a file descriptor is the socket.",
        "The fd is an index in the process's table. Several may name one socket. A socket may have none.",
    ),
    16: Misconception(
        "A port belongs to a process.",
        "It belongs to a socket. Several processes may hold the same socket.",
    ),
}
"""Number → misconception."""
