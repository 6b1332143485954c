"""Thousands of sockets: each a cell that can be told from the others, reached by keys and opened; and how fast it is.

The times are told, not judged: they belong to the machine and to what else it does.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import Director, directed, opened, rows, visit
from tests.web.conftest import Server

HOSTS = [{"name": "server", "addresses": ["10.0.0.4/24"]}, {"name": "client-a", "addresses": ["10.0.0.5/24"]}]
SERVER = """
import socket, sys
listening = socket.create_server(("10.0.0.4", 7777), backlog=4096)
print("listening", flush=True)
connections = [listening.accept() for _ in range(int(sys.argv[1]))]
print("accepted", flush=True)
sys.stdin.readline()
connections = connections[:len(connections) // 2]
print("halved", flush=True)
sys.stdin.read()
"""
CLIENT = """
import socket, sys
connections = [socket.create_connection(("10.0.0.4", 7777)) for _ in range(int(sys.argv[1]))]
print("connected", flush=True)
sys.stdin.read()
"""
MANY = int(os.environ.get("SOCKETLAB_TEST_CONNECTIONS", "1000"))
"""Connections whose times are told: twice as many sockets. 5000 is the number of the budgets."""
FRAMES = """() => {
  window.frames = [];
  let last = performance.now();
  const tick = now => { window.frames.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""
TAKE_FRAMES = "() => { const all = window.frames; window.frames = []; return all; }"
SEEK = """async parts => {
  const scrub = document.querySelector('[data-scrub]');
  const moment = document.querySelector('[data-moment]');
  const end = Number(scrub.max);
  const times = [];
  for (const part of parts) {
    const seq = Math.floor(part * end);
    const start = performance.now();
    scrub.value = String(seq);
    scrub.dispatchEvent(new Event('input', { bubbles: true }));
    while (!moment.textContent.startsWith(`seq ${seq} of `)) await new Promise(requestAnimationFrame);
    times.push(performance.now() - start);
  }
  return times;
}"""
LAYOUTS = """async lines => {
  const { Log } = await import('/static/js/log/log.js');
  const { layout } = await import('/static/js/stage/layout.js');
  const log = new Log(() => null);
  log.append(lines);
  const view = { width: 1064, height: 546, sizes: [16, 15, 14, 13], facing: false, peer: '',
                 measure: text => text.length * 0.6, words: () => 'SYN', repeats: () => false };
  const found = [];
  for (let seq = 0; seq <= log.end; seq += 97) {
    const made = layout(log.at(seq), view).sockets.filter(one => one.kind === 'density');
    found.push({ seq, fields: made.map(({ host, field, contents }) => ({
      host, tally: field.tally, cols: field.cols, pitch: field.pitch,
      cells: contents.keys.map((key, cell) => [key, cell, contents.shades[cell]]).filter(([key]) => key !== ''),
    })) });
  }
  return found;
}"""
PAINTED = """field => {
  const canvas = field.querySelector('canvas');
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
  return painted;
}"""


def crowd(director: Director, count: int) -> int:
    """So many connections, all accepted; returns the server's pid."""
    server = python(director, "server", SERVER, count)
    director.until("it listens", lambda state: rows(state, state="LISTEN"))
    python(director, "client-a", CLIENT, count)
    director.until("all are accepted", lambda state: said(director, server, "accepted"))
    director.until("each has its fd", lambda state: len(owned(state)) == count)
    return server


def python(director: Director, host: str, code: str, count: int) -> int:
    return int(director.do("process.start", host=host, argv=["python3", "-c", code, str(count)])["pid"])


def said(director: Director, pid: int, word: str) -> bool:
    return any(
        line["type"] == "process.output" and line["pid"] == pid and word in line["text"]
        for line in director.lines[-200:]
    )


def owned(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in rows(state, host="server", state="ESTABLISHED") if row["owners"]]


def field(page: Page, host: str) -> Locator:
    return page.locator(f".density:has(caption:text-is('Sockets of {host} by state'))")


def counts(place: Locator) -> dict[str, int]:
    """The text equivalent of a field of cells."""
    return {
        name: int(count) for name, count in (row.split("\t") for row in place.locator("tbody tr").all_inner_texts())
    }


def test_each_socket_is_a_cell_and_is_counted_and_opened(browser: Browser, served: Server) -> None:
    with directed(served, hosts=HOSTS) as director, opened(browser, served) as page:
        server = crowd(director, 320)
        visit(page, director)
        wanted = Counter(row["state"] for row in rows(director.state, host="server"))
        assert sum(wanted.values()) > 300
        place = field(page, "server")
        assert counts(place) == dict(wanted)
        shape = page.locator('[data-key="density:server"]')
        assert shape.get_attribute("aria-label") is not None
        expect(shape).to_contain_text(f"{wanted['ESTABLISHED']} ESTABLISHED")
        full = place.evaluate(PAINTED)

        shape.focus()
        page.keyboard.press("Enter")
        expect(place.locator("output")).to_contain_text("cell 1: ")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(place.locator("output")).to_contain_text("cell 3: ESTABLISHED 10.0.0.4:7777 \u2192 10.0.0.5:")
        remote = place.locator("output").inner_text().split("\u2192 ")[1].split(",")[0]
        page.keyboard.press("ArrowDown")
        below = int(re.findall(r"cell (\d+)", place.locator("output").inner_text())[0])
        assert below > 4
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page.locator("#evidence")).to_contain_text(remote)
        assert place.locator(".rings i").count() >= 1
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.dataset.key") == "density:server"

        director.do("process.input", pid=server, text="\n")
        director.until("halved", lambda state: len(rows(state, host="server", state="ESTABLISHED")) == 160)
        seq = director.state["seq"]
        page.wait_for_function("seq => Number(document.querySelector('[data-scrub]').max) >= seq", arg=seq)
        page.locator("[data-scrub]").fill(str(seq))
        left = Counter(row["state"] for row in rows(director.state, host="server"))
        expect(page.locator("[data-moment]")).to_contain_text(f"seq {seq} of")
        if sum(left.values()) > 300:
            assert counts(place) == dict(left)
            assert place.evaluate(PAINTED) < full


def test_a_field_is_a_function_of_the_log_and_its_cells_stay(browser: Browser, served: Server) -> None:
    with directed(served, hosts=HOSTS) as director, opened(browser, served) as page:
        crowd(director, 350)
        page.goto("/")
        slots: dict[tuple[str, str], int] = {}
        shapes = 0
        for moment in page.evaluate(LAYOUTS, director.lines):
            for one in moment["fields"]:
                shapes += 1
                assert Counter(shade for _, _, shade in one["cells"]) == Counter(dict(one["tally"]))
                assert len(one["cells"]) > 300
                for cookie, cell, _ in one["cells"]:
                    assert slots.setdefault((one["host"], cookie), cell) == cell, moment["seq"]
        assert shapes > 2


def test_the_exported_picture_shows_the_cells(browser: Browser, served: Server) -> None:
    with directed(served, hosts=HOSTS) as director, opened(browser, served) as page:
        crowd(director, 320)
        visit(page, director)
        text = page.evaluate(
            """async () => {
              const { stagePicture } = await import('/static/js/page/exports.js');
              return (await stagePicture(document.querySelector('[data-stage]'), '')).text;
            }"""
        )
        assert len(re.findall(r'<image [^>]*href="data:image/png', text)) == 2
        assert text.index("<image ") > text.index('data-layer="sockets"')
        assert "320 ESTABLISHED" in text


@pytest.mark.alone
@pytest.mark.long
def test_how_fluid_it_is(browser: Browser, record_property: Any, capsys: Any) -> None:
    with (
        Server(SOCKETLAB_OPEN_FILES=str(MANY + 100), SOCKETLAB_LOG_EVENTS="200000") as server,
        directed(server, hosts=HOSTS) as director,
        opened(browser, server) as page,
    ):
        visit(page, director)
        page.evaluate(FRAMES)
        crowd(director, MANY)
        seq = director.state["seq"]
        page.wait_for_function("seq => Number(document.querySelector('[data-scrub]').max) >= seq", arg=seq)
        page.locator("[data-key='density:server']").wait_for()
        connecting = page.evaluate(TAKE_FRAMES)
        page.wait_for_timeout(3000)  # a measurement: the frames of three seconds in which nothing happens
        idle = page.evaluate(TAKE_FRAMES)
        parts = [(number * 0.6180339887) % 1 for number in range(60)]
        sought = page.evaluate(SEEK, parts)
        assert len(sought) == 60
        page.evaluate("document.querySelector('[data-action=now]').click()")
        expect(page.locator("[data-moment]")).not_to_contain_text("looking back")
        told = {"connecting": connecting, "idle": idle, "scrubbing": sought}
        with capsys.disabled():
            print(f"\n{2 * MANY} sockets, {seq} events")
            for name, times in told.items():
                p50, p95, worst = (part(times, share) for share in (0.5, 0.95, 1))
                words = f"p50 {p50:.1f}, p95 {p95:.1f}, worst {worst:.1f} ms of {len(times)}"
                record_property(name, words)
                print(f"{name}: {words}")


def part(times: list[float], share: float) -> float:
    return sorted(times)[round(share * (len(times) - 1))]
