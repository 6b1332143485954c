"""The glossary: the field's terms, each in a sentence or two that a beginner can read and an expert can sign."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One entry.

    Attributes:
        word: As it stands in a sentence.
        means: What it means.
        source: Where that is laid down: an RFC or a page of the manual.
        forms: Other forms that lead here.
        see: Words beside it.
    """

    word: str
    means: str
    source: str = ""
    forms: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Its name in a link."""
        return re.sub(r"[^a-z0-9]+", "-", self.word.lower()).strip("-")


GLOSSARY: tuple[Term, ...] = (
    Term(
        "accept queue",
        "The connections of a listening socket whose handshake is over and which no accept() has fetched yet. The "
        "backlog limits it.",
        "listen(2)",
        see=("backlog", "SYN queue"),
    ),
    Term(
        "address",
        "What names an interface of a host in the Internet Protocol, such as 10.0.0.4 or fd00::4. One host may have "
        "many.",
        "RFC 791, RFC 4291",
        forms=("addresses", "IP address"),
        see=("port",),
    ),
    Term(
        "backlog",
        "The number that a program gives to listen(): how many connections may wait for accept(). Linux admits one "
        "more than that number.",
        "listen(2)",
        see=("accept queue",),
    ),
    Term(
        "connected UDP",
        "A UDP socket for which connect() has stored a remote address. No packet is sent for that. From then on it "
        "receives from that peer alone, and hears of an ICMP port-unreachable as ECONNREFUSED.",
        "udp(7)",
        forms=("connected UDP socket",),
        see=("datagram",),
    ),
    Term(
        "connection",
        "Two sockets whose five-tuples mirror each other: the local end of the one is the remote end of the other.",
        "RFC 9293",
        forms=("connections",),
        see=("five-tuple",),
    ),
    Term(
        "datagram",
        "A message of UDP. It arrives whole or not at all, and it has no connection around it.",
        "RFC 768",
        forms=("datagrams",),
        see=("stream",),
    ),
    Term(
        "ephemeral port",
        "A port that the kernel chooses for a socket which has none, usually at connect(). Linux takes it from "
        "ip_local_port_range, 32768 to 60999 unless somebody changed it.",
        "ip(7), RFC 6056",
        forms=("ephemeral ports", "ephemeral"),
        see=("port",),
    ),
    Term(
        "errno",
        "The reason for which a system call failed, as a name such as EADDRINUSE or ECONNREFUSED.",
        "errno(3)",
    ),
    Term(
        "file descriptor",
        "A small number that a process has for something open: a file, a pipe, a socket. It is an index in that "
        "process's table; several may name one socket, and a socket may have none.",
        "open(2), socket(2)",
        forms=("file descriptors", "fd", "fds"),
        see=("socket",),
    ),
    Term(
        "FIN",
        "The flag of a segment that says: from this end no more data will come. It closes one direction.",
        "RFC 9293, section 3.6",
        see=("half-close", "RST"),
    ),
    Term(
        "five-tuple",
        "Protocol, local address, local port, remote address, remote port: what a kernel needs to find the socket for "
        "a packet. No two connections have all five alike.",
        "RFC 9293, section 3.3.1",
        forms=("five-tuples",),
        see=("connection", "socket"),
    ),
    Term(
        "half-close",
        "One direction of a connection has ended with a FIN and the other one goes on. shutdown() with SHUT_WR asks "
        "for it.",
        "RFC 9293, shutdown(2)",
        forms=("half-closed",),
        see=("FIN",),
    ),
    Term(
        "handshake",
        "The three segments that begin a TCP connection: SYN, SYN-ACK, ACK. The two kernels exchange them; the "
        "server's program need not be awake for it.",
        "RFC 9293, section 3.5",
        forms=("three-way handshake",),
        see=("SYN", "accept queue"),
    ),
    Term(
        "host",
        "A machine with a network stack of its own. Here it is a network namespace of the kernel, with its own "
        "addresses, routes and sockets.",
        "network_namespaces(7)",
        forms=("hosts",),
    ),
    Term(
        "inode",
        "The number that ties a socket to the file descriptors which name it. A socket that nobody has accepted yet "
        "has none; tools show 0.",
        "sock_diag(7)",
        see=("file descriptor",),
    ),
    Term(
        "kernel",
        "The part of the operating system that owns sockets, ports and packets. Programs ask it by system calls.",
        see=("system call",),
    ),
    Term(
        "listening socket",
        "A socket in the state LISTEN. It takes calls and carries no data: its receive queue counts connections.",
        "listen(2)",
        forms=("listening sockets",),
        see=("backlog", "accept queue"),
    ),
    Term(
        "loopback",
        "The interface of a host to itself, with 127.0.0.1 and ::1. What is bound there can be reached from that host "
        "alone.",
        "RFC 1122, section 3.2.1.3",
        see=("wildcard address",),
    ),
    Term(
        "packet",
        "What crosses the wire at once: an IP header and what it carries. A packet of TCP carries a segment.",
        "RFC 791",
        forms=("packets",),
        see=("segment", "datagram"),
    ),
    Term(
        "port",
        "A number from 0 to 65535 in the header of TCP and UDP. With the address it says which end of a host is meant. "
        "It is a number, and nothing that could be opened by itself.",
        "RFC 9293, RFC 6335",
        forms=("ports",),
        see=("socket", "ephemeral port"),
    ),
    Term(
        "privileged port",
        "A port below 1024 (net.ipv4.ip_unprivileged_port_start). On Linux it can be bound by who has "
        "CAP_NET_BIND_SERVICE.",
        "capabilities(7), ip(7)",
        forms=("privileged ports",),
        see=("port",),
    ),
    Term(
        "receive queue",
        "Bytes that have arrived at a socket and that no program has read. On a listening socket tools show the "
        "number of waiting connections in its place.",
        "ss(8)",
        see=("send queue",),
    ),
    Term(
        "retransmission",
        "A segment that is sent again because no acknowledgment came. The kernel waits longer before each.",
        "RFC 6298",
        forms=("retransmissions",),
    ),
    Term(
        "RST",
        "The flag of a segment that ends a connection at once, or says that there is none. To a SYN for a port where "
        "nobody listens it is the answer; connect() then fails with ECONNREFUSED.",
        "RFC 9293, section 3.5.2",
        see=("FIN",),
    ),
    Term(
        "segment",
        "What TCP sends in one packet: a header with ports, sequence number and flags, and perhaps data.",
        "RFC 9293",
        forms=("segments",),
        see=("packet",),
    ),
    Term(
        "send queue",
        "Bytes that a program has written and that the peer has not acknowledged.",
        "ss(8)",
        see=("receive queue",),
    ),
    Term(
        "socket",
        "An object in the kernel with a protocol, a local end, perhaps a remote end, a state and buffers. The older "
        "texts of TCP use the word for address and port together; here it always means the object.",
        "socket(2), RFC 9293",
        forms=("sockets",),
        see=("port", "file descriptor", "five-tuple"),
    ),
    Term(
        "stream",
        "What TCP offers: bytes in order, in both directions, without boundaries between messages.",
        "RFC 9293",
        forms=("byte stream",),
        see=("datagram",),
    ),
    Term(
        "SYN",
        "The flag of the first segment of a connection. It carries the number at which the sender begins to count.",
        "RFC 9293",
        see=("handshake",),
    ),
    Term(
        "SYN queue",
        "The connections of a listening socket whose handshake has begun and is not over: a SYN came and was "
        "answered, the last ACK is missing.",
        "tcp(7)",
        see=("accept queue",),
    ),
    Term(
        "sysctl",
        "A setting of the kernel with a name and a value, such as net.ipv4.ip_local_port_range. Many of them belong "
        "to one network namespace.",
        "sysctl(8), ip(7), tcp(7)",
        forms=("kernel parameter", "kernel parameters"),
    ),
    Term(
        "system call",
        "How a program asks its kernel for something: socket(), bind(), listen(), accept(), connect(), send() and the "
        "others.",
        "syscalls(2)",
        forms=("system calls",),
        see=("kernel",),
    ),
    Term(
        "TIME-WAIT",
        "The state of the end that closed first, after everything is over. It keeps the five-tuple for a while (60 "
        "seconds on Linux), so that a late segment cannot get into a new connection.",
        "RFC 9293, section 3.3.2",
        see=("five-tuple", "FIN"),
    ),
    Term(
        "well-known port",
        "A port of 0 to 1023 that IANA has given to a service: 22 for SSH, 53 for DNS, 80 for HTTP, 443 for HTTPS.",
        "RFC 6335",
        forms=("well-known ports",),
        see=("port", "privileged port"),
    ),
    Term(
        "wildcard address",
        "0.0.0.0, or :: for IPv6: a socket bound to it answers on every address of its host. Tools show it as *.",
        "ip(7), ipv6(7)",
        see=("loopback",),
    ),
    Term(
        "zero window",
        "A receiver's word that its buffer is full. The sender waits, and asks now and then.",
        "RFC 9293, section 3.8.6.1",
        see=("receive queue",),
    ),
)
"""The terms, in the order of the alphabet."""


@dataclass(frozen=True, slots=True)
class Analogy:
    """A picture that people use.

    Attributes:
        picture: One word for it.
        title: What is compared with what.
        helps: What it shows rightly.
        breaks: Where it leads astray.
        settles: The misconceptions that it feeds.
    """

    picture: str
    title: str
    helps: str
    breaks: str
    settles: tuple[int, ...]

    @property
    def anchor(self) -> str:
        """Its name in a link."""
        return self.picture.replace(" ", "-")


ANALOGIES: tuple[Analogy, ...] = (
    Analogy(
        "house",
        "Address and port: a house and its doors",
        "The address leads to the house, the port to one of its doors. Both stand on the envelope.",
        "Through a door only one person comes at a time, and while it is in use others wait. Port 443 serves "
        "thousands at once, because packets are told apart by all of the five-tuple. And a door is there when nobody "
        "is at home; without a socket there is nothing behind a port number.",
        (1, 3),
    ),
    Analogy(
        "apartments",
        "Host and process: a building with apartments",
        "One address for the building, one number for each party in it. The postman need not know who lives there.",
        "A number does not belong to a tenant. Several processes may hold the same socket, one process may have "
        "sockets with many ports, and one port may be used by TCP and by UDP for two different programs.",
        (11, 16),
    ),
    Analogy(
        "telephone",
        "TCP: a telephone call",
        "Somebody calls, somebody picks up, both talk, both hang up. Before the call there is no line.",
        "Nobody needs to pick up: the kernel completes the handshake while the program sleeps, and the caller may "
        "already talk. And while you are on the phone your number is busy; a listening socket never is.",
        (5, 6),
    ),
    Analogy(
        "switchboard",
        "accept(): a receptionist who puts you through",
        "One number is printed everywhere. Who calls is put through to a line of their own, and the receptionist is "
        "free for the next caller.",
        "An extension has a number of its own. The connected socket has not: it keeps the port of the listening one, "
        "and the answer comes from the number that was called.",
        (1, 4),
    ),
    Analogy(
        "socket",
        "Socket: the one in the wall",
        "You plug in, and power comes. Two ends fit together.",
        "One plug fits into one socket. Here each client has a socket at both ends, and a server with n clients "
        "has n + 1 of them for one port. They are made while it runs, and nobody has installed them.",
        (3,),
    ),
    Analogy(
        "letters",
        "UDP: a postcard, TCP: a registered letter",
        "A postcard may be lost and nobody tells you. It needs no appointment.",
        "TCP does not send letters at all: it is a pipe of bytes, and two letters put in may come out as one, or as "
        "five. And a postcard into a house where nobody lives can come back: as an ICMP port-unreachable, which a "
        "connected UDP socket reports as ECONNREFUSED.",
        (8, 12),
    ),
    Analogy(
        "ticket",
        "File descriptor: a cloakroom ticket",
        "You get a small number for your coat, and the number is worth something only in this cloakroom.",
        "Two tickets may stand for one coat (dup(), fork()), and the coat stays until the last of them is given back. "
        "A coat without a ticket is there too: a connection that nobody has accepted yet.",
        (15,),
    ),
    Analogy(
        "waiting room",
        "Backlog: the chairs in a waiting room",
        "Who comes while the doctor is busy takes a chair. If all are taken, people are not let in.",
        "The chairs do not count the patients who are inside: a server with backlog 5 can serve thousands. And who "
        "finds no chair is not sent away; they hear nothing, and knock again later.",
        (6,),
    ),
    Analogy(
        "goodbye",
        "close(): hanging up",
        "Both say goodbye, then the line is dead.",
        "A FIN ends one direction only; the other side may go on talking for hours. And who hung up first keeps the "
        "line for a minute in TIME-WAIT, in case a word is still on its way.",
        (9, 14),
    ),
    Analogy(
        "lights",
        "Refused, lost, slow: a house at night",
        "Somebody calls “nobody here by that name”: refused. No sound at all: lost, or slow.",
        "A refusal looks like bad news, and it is the best of the three: it proves that the host is there, that the "
        "network works, and that only a listening socket is missing.",
        (10,),
    ),
)
"""The analogies, each with the place where it breaks."""
