"""Sockets that no table of the kernel lists: made, but neither bound nor connected.

They are described by getsockopt(2) through a descriptor of their owner, and their ``source`` says so.
"""

from __future__ import annotations

import socket
from typing import Literal

from server.inet.addresses import UNNAMED, endpoint
from server.inet.names import TCP_STATE
from server.inet.sockdiag import Row
from server.linux import pidfd


def asked_by_descriptor(process: int, fd: int) -> Row | None:
    """The socket that a descriptor names, as the row that a table would have.

    Args:
        process: The pidfd of the process.
        fd: The descriptor.

    Returns:
        None if it is neither TCP nor UDP nor unix, or is closed meanwhile.
    """
    try:
        facts = pidfd.socket_facts(process, fd)
    except OSError:
        return None  # the process ended or closed it meanwhile
    if facts.domain == socket.AF_UNIX:
        return _row(facts, "unix", "unix", "UNCONNECTED", UNNAMED, "*")
    if facts.domain not in (socket.AF_INET, socket.AF_INET6):
        return None
    family: Literal["inet", "inet6"] = "inet" if facts.domain == socket.AF_INET else "inet6"
    local, remote = _name(facts.local), _name(facts.remote)
    if facts.type == socket.SOCK_STREAM:
        return _row(facts, family, "tcp", TCP_STATE[facts.tcp_state], local, remote)
    if facts.type == socket.SOCK_DGRAM:
        state = "ESTABLISHED" if facts.remote is not None else "UNCONNECTED"
        return _row(facts, family, "udp", state, local, remote)
    return None


def _row(
    facts: pidfd.SocketFacts,
    family: Literal["inet", "inet6", "unix"],
    protocol: Literal["tcp", "udp", "unix"],
    state: str,
    local: str,
    remote: str,
) -> Row:
    return Row(family, protocol, state, local, remote, facts.cookie, facts.inode, 0, 0, None, 0, 0, 0, 0)


def _name(address: object) -> str:
    """An address as Python's socket module gives it, in the form of a ``Row``."""
    if not isinstance(address, tuple):
        return "*:*"
    ip, port = str(address[0]), address[1]
    if ip in ("0.0.0.0", "::"):
        return f"*:{port or '*'}"
    return endpoint(ip, port) if port else f"{endpoint(ip, 0).removesuffix('0')}*"
