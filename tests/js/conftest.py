"""The browser's fixtures, and logs of real runs: the modules are tested where they run, on what the kernel did."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import browser, directed, opened, page, release_other, rows, served, sleeps
from tests.web.conftest import Server

__all__ = ["browser", "page", "served"]


@pytest.fixture(scope="package")
def modules(browser: Browser, served: Server) -> Iterator[Page]:
    """A page of the server's origin, to import modules in."""
    with opened(browser, served) as page:
        page.goto("/")
        yield page


@pytest.fixture(scope="package")
def lines(served: Server) -> list[dict[str, Any]]:
    """A log with something of everything: TCP and UDP, a held handshake, drops, refusals, kills, new hosts."""
    with directed(served, "step") as director:
        server = director.start("server", "echo_server", "7", admin=True)
        director.step_until("it listens", lambda state: rows(state, state="LISTEN"))
        client = director.connect("client-a")
        while not rows(director.state, host="server", state="ESTABLISHED", inode=0):
            release_other(director, server)
        director.step_until("accepted", lambda state: sleeps(state, client, "read"))
        director.do("process.input", pid=client, text="hello\n")
        director.step_until("data is on the wire", lambda state: has_data(state))
        packet = next(row for row in director.state["packets"].values() if row["length"])
        director.do("packet.duplicate", packet=packet["packet"])
        director.do("packet.drop", packet=packet["packet"])
        director.do("pace.set", pace="live")
        director.until("echoed", lambda _: "echo: hello" in output(director.lines))
        director.do("wire.set", delay_ms=5, jitter_ms=1)
        director.do("sysctl.set", host="server", name="net.ipv4.tcp_fin_timeout", value="20")
        director.do("host.add", name="client-c", addresses=["10.0.0.7/24", "fd00::7/64"])
        udp = director.start("server", "udp_echo_server", "9", admin=True)
        director.until("it waits for a datagram", lambda state: sleeps(state, udp, "recvfrom"))
        speaker = director.start("client-c", "udp_echo_client", "10.0.0.4", "9")
        director.do("process.input", pid=speaker, text="datagram\n", end=True)
        director.until("it has spoken", lambda state: exited(state, speaker))
        refused = director.start("client-b", "echo_client", "10.0.0.4", "99")
        director.until("refused", lambda state: exited(state, refused))
        with contextlib.suppress(AssertionError):
            director.do("packet.deliver", packet=999_999)
        director.do("process.input", pid=client, end=True)
        director.until("closed", lambda state: rows(state, state="TIME-WAIT"))
        director.do("process.signal", pid=server, signal="KILL")
        director.until("killed", lambda state: exited(state, server))
        return director.sandbox.events()


def exited(state: dict[str, Any], pid: int) -> bool:
    return state["processes"].get(str(pid), {}).get("status") == "exited"


def has_data(state: dict[str, Any]) -> bool:
    return any(packet["length"] for packet in state["packets"].values())


def output(lines: list[dict[str, Any]]) -> str:
    return "".join(line["text"] for line in lines if line["type"] == "process.output")
