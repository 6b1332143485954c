"""Every moment of every golden recording: each shape stands for something in the state, and nothing is missing.

The page draws at most once a frame. Here a frame takes no time, so that thousands of moments are drawn by
the page's own code in seconds; nothing else of it is touched.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from server.events import decode_entry
from server.sessions import recording
from server.state import fold, initial
from tests.browsing import opened
from tests.recordings.make import path_of
from tests.recordings.runs import RUNS
from tests.web.conftest import Server

AT_ONCE = """window.requestAnimationFrame = draw => { queueMicrotask(() => draw(performance.now())); return 1; };"""
EVERY_SEQ = """async () => {
  const scrub = document.querySelector('[data-scrub]');
  const moment = document.querySelector('[data-moment]');
  const found = [];
  for (let seq = 0; seq <= Number(scrub.max); seq += 1) {
    scrub.value = String(seq);
    scrub.dispatchEvent(new Event('input', { bubbles: true }));
    while (!moment.textContent.startsWith(`seq ${seq} of `)) await Promise.resolve();
    found.push([...document.querySelectorAll('[data-stage] .shape[data-key]')].map(shape => ({
      key: shape.dataset.key, state: shape.dataset.state ?? '', label: shape.getAttribute('aria-label'),
      room: 'room' in shape.dataset, held: 'held' in shape.dataset,
    })));
  }
  return JSON.stringify(found);
}"""
"""As one text: of a hundred thousand values each is looked at twice on its way here."""
Shapes = dict[str, dict[str, Any]]


def grouped(shapes: Shapes, host: str) -> Counter[str]:
    """The sockets of a host that stand together in groups, by state; the label counts them."""
    labels = [shapes[key]["label"] for key in shapes if key.startswith(f"group:{host}:")]
    return Counter({state: int(n) for label in labels for n, state in re.findall(r"(\d+) ([A-Z][A-Z0-9-]+)", label)})


def assert_sockets(shapes: Shapes, state: dict[str, Any], host: str) -> None:
    """Each socket has its card in its state, or is counted in a group or in a listening socket's room."""
    rows = {cookie: row for cookie, row in state["sockets"].items() if row["host"] == host}
    cards = {key.partition(":")[2]: shape for key, shape in shapes.items() if key.startswith("socket:")}
    cards = {cookie: shape for cookie, shape in cards.items() if cookie not in state["sockets"] or cookie in rows}
    assert set(cards) <= set(rows), "a card for a socket that is not there"
    for cookie, shape in cards.items():
        assert shape["state"] == rows[cookie]["state"], cookie
    hidden = [row for cookie, row in rows.items() if cookie not in cards]
    waiting = [row for row in hidden if not row["owners"] and row["state"] in ("ESTABLISHED", "SYN-RECEIVED")]
    missing = Counter(row["state"] for row in hidden) - grouped(shapes, host)
    listening = sum(row["recv_queue"] for row in rows.values() if row["state"] == "LISTEN")
    half_open = sum(row["state"] == "SYN-RECEIVED" for row in waiting)
    assert not missing - Counter(row["state"] for row in waiting), "a socket that is nowhere"
    assert missing.total() <= listening + half_open, "more wait than the rooms count"


def assert_processes(shapes: Shapes, state: dict[str, Any], host: str) -> None:
    """Each process that runs has its card with its file descriptors, or is counted."""
    running = {pid: one for pid, one in state["processes"].items() if one["host"] == host and one["status"] != "exited"}
    cards = {pid for pid in running if f"process:{pid}" in shapes}
    more = shapes.get(f"processes:{host}")
    assert len(running) - len(cards) <= (int(more["label"].split()[0]) if more else 0), "a process that is nowhere"
    for pid in cards:
        numbers = {key.split(":")[2] for key in shapes if key.startswith(f"fd:{pid}:")}
        assert {number for number in numbers if number.isdigit()} <= set(running[pid]["fds"]), pid


def assert_packets(shapes: Shapes, state: dict[str, Any]) -> None:
    """Each packet on the wire has its chip, and each chip is held if its packet is."""
    wire = {number: packet for number, packet in state["packets"].items() if not packet.get("loopback")}
    hosts = {key.partition(":")[2] for key in shapes if key.startswith("host:")}
    chips = {key.partition(":")[2]: shape for key, shape in shapes.items() if re.fullmatch(r"packet:\d+", key)}
    assert set(chips) <= set(wire)
    for number, packet in wire.items():
        if number in chips:
            assert chips[number]["held"] == (packet["status"] == "held"), number
        else:
            assert not {packet["source_host"], packet["target_host"]} <= hosts or "packet:more" in shapes, number


@pytest.mark.parametrize("name", RUNS)
def test_the_picture_is_the_state_at_every_seq(browser: Browser, served: Server, name: str) -> None:
    with opened(browser, served, "1920x1080") as page:
        page.add_init_script(AT_ONCE)
        page.goto("/replay")
        page.set_input_files("input[data-open]", path_of(name))
        expect(page.locator("[data-link-words]")).to_contain_text("Recording, ")
        moments = json.loads(page.evaluate(EVERY_SEQ))
    state = initial()
    entries = [None, *(decode_entry(line) for line in recording.read(path_of(name)))]
    for seq, (entry, found) in enumerate(zip(entries, moments, strict=True)):
        if entry is not None:
            fold(state, entry)
        shapes = {shape["key"]: shape for shape in found}
        assert len(shapes) == len(found), f"seq {seq}: a key twice"
        shown = {key.partition(":")[2] for key in shapes if key.startswith("host:")}
        try:
            assert shown <= set(state["hosts"])
            assert len(shown) == min(len(state["hosts"]), max(3, len(shown)))
            for host in shown:
                assert_sockets(shapes, state, host)
                assert_processes(shapes, state, host)
            assert_packets(shapes, state)
        except AssertionError as error:
            raise AssertionError(f"{name}, seq {seq}: {error}") from error
