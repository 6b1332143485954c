"""The words of a story: one sentence for each message, with named slots.

A page in another language replaces this table and nothing else; ``slots.slots_of`` fills the slots. What an errno
means to the program that gets it is a message, too.
"""

from __future__ import annotations

import re
from typing import Final

SENTENCES: Final[dict[str, str]] = {
    # Hosts and programs
    "host.joins": "The host {host} joins, with {addresses}.",
    "program.starts": "{program} starts on {host} as process {pid}.",
    "program.forks": "{who} makes a child: process {pid} on {host}.",
    "program.becomes": "Process {pid} is {program} now.",
    "program.prints": "{who} prints: {text}",
    "program.ends": "{who} (pid {pid}) has ended.",
    "program.fails": "{who} (pid {pid}) has ended with exit code {code}.",
    "program.killed": "{who} (pid {pid}) has ended: {signal}.",
    # What a program asks for
    "socket.made": "The kernel of {host} makes a TCP socket for {who}: fd {new_fd} names it. It has no port yet.",
    "accept.waits": "{who} on {host} asks for the next connection: accept({fd}). None waits, so it sleeps.",
    "accept.gives": "accept() gives {who} a descriptor: fd {new_fd} names the connection with {address}.",
    "accept.pairs": "accept() gives {who} a descriptor: fd {new_fd} names the connection.",
    "connect.asks": "{who} on {host} asks to be connected to {address}: connect({fd}).",
    "connect.returns": "connect() returns to {who} on {host}: for it, the connection is established.",
    "connect.starts": "connect() does not wait: {who} on {host} goes on while the kernel asks.",
    "send.hands": "{who} on {host} hands {bytes} to the kernel: {call}({fd}).",
    "recv.waits": "{who} on {host} asks for {asked}: {call}({fd}). Nothing is there, so it sleeps.",
    "recv.gets": "{who} on {host} gets {bytes} from fd {fd}.",
    "recv.ends": "{call}() gives 0 bytes to {who} on {host}: the other side sends no more.",
    "recv.empty": "{who} on {host} gets an empty datagram from fd {fd}.",
    "poll.waits": "{who} on {host} waits until one of its descriptors is ready: {call}().",
    "close.asks": "{who} on {host} closes fd {fd}.",
    "shutdown.asks": "{who} on {host} ends one direction: shutdown({fd}, {how}).",
    "call.fails": "{call}() fails for {who} on {host} with {error}.",
    # What becomes of a socket
    "row.bound": "The {protocol} socket of {host} has the address {local} now.",
    "row.listens": "{host} listens {place}. From now on its kernel answers calls there by itself.",
    "row.deaf": "The socket of {host} that listened {place} is gone.",
    "row.syn-sent": "The socket {local} is in SYN-SENT.",
    "row.request": "The request of {remote} waits in the SYN queue of {host}, in SYN-RECEIVED, until its ACK comes.",
    "row.both": "Both sides have sent a SYN: the socket {local} of {host} is in SYN-RECEIVED.",
    "row.established": "The socket {local} of {host} is ESTABLISHED.",
    "row.waits": "The connection with {remote} is ESTABLISHED on {host} and goes into the accept queue: accept() "
    "has given it to no program yet.",
    "row.full": "{waiting} of {host}'s connections wait for accept(): its accept queue is full.",
    "row.owned": "accept() takes the connection with {remote} out of the queue: fd {owner_fd} of process {owner_pid} "
    "on {host} names it now.",
    "row.shared": "Process {owner_pid} has the socket {local} of {host} too: {owners} descriptors name it.",
    "row.bytes": "{waiting_bytes} wait in the receive buffer of {local}.",
    "row.fin-wait-1": "The socket {local} of {host} is in FIN-WAIT-1.",
    "row.fin-wait-2": "The FIN of {local} is acknowledged: FIN-WAIT-2, until the other side sends its own.",
    "row.close-wait": "The socket {local} of {host} is in CLOSE-WAIT until its program closes it.",
    "row.last-ack": "The socket {local} of {host} is in LAST-ACK.",
    "row.closing": "Both FINs have crossed: the socket {local} of {host} is in CLOSING.",
    "row.time-wait": "The kernel of {host} keeps {local} in TIME-WAIT, to acknowledge a FIN that comes again and to "
    "keep late segments out of a new connection.",
    "row.closed": "The socket {local} of {host} is CLOSED.",
    # Packets
    "packet.syn": "The kernel of {source_host} asks for a connection: SYN to {target}.",
    "packet.synack": "The kernel of {source_host} answers SYN ACK. No program had to do anything for that.",
    "packet.ack": "The kernel of {source_host} acknowledges: ACK.",
    "packet.data": "The kernel of {source_host} sends {length} to {target}.",
    "packet.fin": "The kernel of {source_host} says that it sends no more: FIN to {target}.",
    "packet.refusal": "The kernel of {source_host} answers RST: nobody listens there.",
    "packet.rst": "The kernel of {source_host} sends RST: for it, this connection no longer exists.",
    "packet.udp": "The kernel of {source_host} sends a datagram of {length} to {target}.",
    "packet.icmp": "The kernel of {source_host} sends an ICMP message to {target_host}.",
    "packet.again": "No answer has come: the kernel of {source_host} sends its {packet} again.",
    "packet.held": "The {packet} is held on the wire.",
    "packet.arrives": "The {packet} arrives at {target_host}.",
    "packet.copy": "A copy of the {packet} arrives at {target_host}.",
    "packet.lost": "The {packet} from {source_host} is lost: {why}.",
    # The lab around it
    "wire.changes": "The wire now delays each packet by {delay} ms and loses {loss} % of them.",
    "sysctl.changes": "{host} now has {name} = {value}.",
    "command.refused": "Refused: {detail}",
    "observer.missed": "Not observed on {host}: {why}.",
    "sandbox.ends": "The sandbox has ended: {why}.",
    # Scenes
    "scene.start": "{program} starts on {host}",
    "scene.start.many": "{count} programs start",
    "scene.connect": "{host} connects to {address}",
    "scene.connect.many": "{count} connections are made",
    "scene.refused": "{host} is refused",
    "scene.failed": "{host} gets no connection",
    "scene.bytes": "Bytes go across",
    "scene.datagrams": "Datagrams go across",
    "scene.end": "A connection ends",
    "scene.end.many": "{count} connections end",
    "scene.over": "Programs end",
    "scene.change": "The conditions change",
    "scene.last": "How it goes on",
    # Much that is alike
    "sum.beats": "{count} more beats like these: {heading}.",
    "sum.scenes": "{count} more scenes like these: {heading}.",
    # What an errno means
    "error.EADDRINUSE": "Another socket has that address and port already.",
    "error.EACCES": "The program has no right to that.",
    "error.EADDRNOTAVAIL": "This host has no such address, or no port is left for it.",
    "error.ECONNREFUSED": "Nobody listens there: it is refused.",
    "error.ECONNRESET": "The other side has torn the connection down.",
    "error.ETIMEDOUT": "Nobody has answered for too long.",
    "error.EHOSTUNREACH": "No way leads to that host.",
    "error.ENETUNREACH": "No way leads to that network.",
    "error.EPIPE": "This side has ended its sending already, or the connection is gone.",
    "error.EMFILE": "The process has no file descriptor number left.",
    "error.ENOTCONN": "The socket is not connected.",
    "error.EISCONN": "The socket is connected already.",
    "error.EBADF": "That number names no open file descriptor.",
    "error.EPERM": "The sandbox does not allow that call.",
}
"""Message → sentence."""

_SLOT = re.compile(r"\{(\w+)\}")


def slot_names(message: str) -> list[str]:
    """What a message's sentence leaves open."""
    return _SLOT.findall(SENTENCES[message])


def words(message: str, slots: dict[str, str]) -> str:
    """The sentence of a message; nothing but its slots is looked at, so a value may hold braces."""
    return _SLOT.sub(lambda found: slots[found[1]], SENTENCES[message])
