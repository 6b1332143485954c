"""TCP sockets that are bound and nothing else: in the kernel's table since Linux 6.8, asked for only when needed."""

from __future__ import annotations

import platform

import pytest

from server import events as ev
from tests.laboratory import Laboratory

LISTED = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= (6, 8)

BIND_THEN_LISTEN = """
import socket, sys
s = socket.socket()
s.bind(("10.0.0.4", 7000))
sys.stdin.readline()
s.listen()
sys.stdin.readline()
"""

BIND_THEN_BE_REFUSED = """
import socket, sys
s = socket.socket()
s.bind(("10.0.0.5", 7001))
try:
    s.connect(("10.0.0.4", 7002))
except ConnectionRefusedError:
    print("refused", flush=True)
sys.stdin.readline()
"""


def states(lab: Laboratory, local: str) -> list[tuple[str, str]]:
    """What a socket went through: state and source of each of its events."""
    rows = [row for row in lab.all(ev.SocketRow) if row.local == local]
    return list(dict.fromkeys((row.state, row.source) for row in rows))


@pytest.mark.skipif(not LISTED, reason="this kernel lists no sockets that are merely bound")
async def test_a_bound_socket_is_in_the_kernels_table(lab: Laboratory) -> None:
    pid = await lab.python("server", BIND_THEN_LISTEN)
    await lab.until("it is bound", lambda: ("CLOSED", "sock_diag") in states(lab, "10.0.0.4:7000"))
    await lab.type(pid, "\n")
    await lab.listening("server", 7000)
    await lab.type(pid, "\n")
    await lab.exited(pid)
    await lab.until("it is gone", lambda: not lab.sockets("server", local="10.0.0.4:7000"))
    assert states(lab, "10.0.0.4:7000") == [("CLOSED", "sock_diag"), ("LISTEN", "sock_diag")]


@pytest.mark.skipif(not LISTED, reason="this kernel lists no sockets that are merely bound")
async def test_a_refused_socket_stays_bound(lab: Laboratory) -> None:
    pid = await lab.python("client-a", BIND_THEN_BE_REFUSED)
    await lab.until("it was refused", lambda: "refused" in lab.output(pid))
    await lab.until("it is bound", lambda: lab.sockets("client-a", local="10.0.0.5:7001", state="CLOSED"))
    seen = states(lab, "10.0.0.5:7001")
    assert seen[-1] == ("CLOSED", "sock_diag"), seen
    await lab.type(pid, "\n")
    await lab.exited(pid)
    await lab.until("it is gone", lambda: not lab.sockets("client-a", local="10.0.0.5:7001"))
