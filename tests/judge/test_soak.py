"""A server for minutes: people come, play and go, and at the end it holds what it held at the beginning."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import directed, rows
from tests.web.conftest import Server

MINUTES = float(os.environ.get("SOCKETLAB_TEST_MINUTES", "10"))


@pytest.mark.timeout(120 + 90 * MINUTES)
def test_people_come_and_go(record_property: Any) -> None:
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="64") as server:
        for number in range(5):  # what is made once is there by then
            visit(server, number)
        before = held(server)
        end = time.monotonic() + 60 * MINUTES
        number = 5
        while time.monotonic() < end:
            visit(server, number)
            number += 1
        after = held(server)
        record_property("visits", number)
        record_property("memory", f"{before['memory'] / 1e6:.0f} to {after['memory'] / 1e6:.0f} MB")
        assert after["processes"] == before["processes"]
        assert after["descriptors"] <= before["descriptors"]


def visit(server: Server, number: int) -> None:
    """One person's sandbox: a connection, a line that comes back, and the end of it."""
    with directed(server) as director:
        director.listen()
        client = director.connect("client-a")
        director.until("it is accepted", lambda state: len([r for r in rows(state, host="server") if r["owners"]]) == 2)
        words = f"visit {number}"
        director.do("process.input", pid=client, text=f"{words}\n")
        director.until("it is echoed", lambda _: any(words in line.get("text", "") for line in director.lines[-50:]))


def held(server: Server) -> dict[str, int]:
    """What the server's process holds: descriptors, resident bytes, and the processes below it."""
    base = Path(f"/proc/{server.process.pid}")
    pages = int((base / "statm").read_text().split()[1])
    return {
        "descriptors": len(os.listdir(base / "fd")),
        "memory": pages * os.sysconf("SC_PAGE_SIZE"),
        "processes": len(below(server.process.pid)),
    }


def below(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for child in children for one in (child, *below(child))]
