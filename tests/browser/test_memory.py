"""What a page keeps while a sandbox runs on and on: the log, and nothing besides.

SOCKETLAB_TEST_MINUTES=10 is the measure of the budgets.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.browsing import Director, directed, opened, shows, sleeps, visit
from tests.web.conftest import Server

MINUTES = float(os.environ.get("SOCKETLAB_TEST_MINUTES", "0.2"))
BYTES_PER_EVENT = 1000


@pytest.mark.long
@pytest.mark.timeout(120 + 90 * MINUTES)
def test_what_a_page_keeps_is_the_log(browser: Browser, served: Server, record_property: Any, capsys: Any) -> None:
    with directed(served) as director, opened(browser, served) as page:
        director.listen()
        clients = [director.connect("client-a"), director.connect("client-b")]
        director.until("all sleep", lambda state: all(sleeps(state, pid, "read") for pid in clients))
        visit(page, director)
        devtools = page.context.new_cdp_session(page)
        for number in range(20):  # what is made once is there by then
            talk(director, page, clients, number)
        first = kept(devtools, page)
        end = time.monotonic() + 60 * MINUTES
        number = 20
        while time.monotonic() < end:
            talk(director, page, clients, number)
            number += 1
        last = kept(devtools, page)
    events = last["events"] - first["events"]
    per_event = (last["heap"] - first["heap"]) / events
    words = (
        f"{events} events in {MINUTES} minutes: heap {first['heap'] / 1e6:.1f} to {last['heap'] / 1e6:.1f} MB "
        f"({per_event:.0f} bytes for each event), nodes {first['nodes']} to {last['nodes']}, "
        f"listeners {first['listeners']} to {last['listeners']}"
    )
    record_property("memory", words)
    with capsys.disabled():
        print(f"\n{words}")
    assert events > 500
    assert last["nodes"] < 1.2 * first["nodes"] + 100
    assert last["listeners"] <= first["listeners"] + 20
    assert per_event < BYTES_PER_EVENT


def talk(director: Director, page: Page, clients: list[int], number: int) -> None:
    """Each client says a line and hears it, and the page has drawn that."""
    for pid in clients:
        words = f"line {number}"
        director.do("process.input", pid=pid, text=f"{words}\n")
        director.until("it is echoed", lambda state, pid=pid, words=words: printed(director, pid, words))  # type: ignore[misc]
    shows(page, director.state["seq"])


def printed(director: Director, pid: int, words: str) -> bool:
    return any(
        line["type"] == "process.output" and line["pid"] == pid and words in line["text"]
        for line in director.lines[-200:]
    )


def kept(devtools: CDPSession, page: Page) -> dict[str, int]:
    """What is left after a collection."""
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    counters = devtools.send("Memory.getDOMCounters")
    return {
        "events": int(page.locator("[data-scrub]").get_attribute("max") or 0),
        "heap": int(devtools.send("Runtime.getHeapUsage")["usedSize"]),
        "nodes": int(counters["nodes"]),
        "listeners": int(counters["jsEventListeners"]),
    }
