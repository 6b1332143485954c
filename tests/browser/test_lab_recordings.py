"""A lab run is one log: the learner's page, a page that watches, and a recording show the same at the same moment."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.playing import explain, predict, run, start
from tests.browser.replaying import SHAPES, seek
from tests.browsing import opened
from tests.ours import lab_of
from tests.web.conftest import Server

LAB = lab_of("03-one-port-many-sockets")
STEPS = 3

LESSON = """() => [...document.querySelectorAll('#lesson .step, #lab-steps a')].map(part => {
  const copy = part.cloneNode(true);
  // What can be pressed is the learner's alone, and where to go on depends on where they are.
  for (const own of copy.querySelectorAll('button, .actions, .step-foot, template, [hidden]')) own.remove();
  const marks = [...copy.querySelectorAll('[data-mood], [data-told], [data-chosen], [data-said], [data-fits]')]
    .map(mark => Object.entries(mark.dataset).filter(([name]) => /mood|told|chosen|said|fits/.test(name)).join(' '));
  return [part.id, part.dataset.place, part.dataset.phase ?? '', 'settled' in part.dataset,
    copy.textContent.replace(/\\s+/g, ' ').trim(), marks];
})"""
SETTLED = "document.querySelectorAll('#lesson input:checked').length"


def picture(page: Page) -> dict[str, Any]:
    """What a page shows: the lesson in all its parts, and the shapes on the stage."""
    return {"lesson": page.evaluate(LESSON), "shapes": page.evaluate(SHAPES), "answers": page.evaluate(SETTLED)}


def end_of(page: Page) -> int:
    """The last event that a page knows of."""
    words = page.locator("[data-moment]").inner_text()
    found = re.search(r"of (\d+)", words)
    assert found is not None, words
    return int(found[1])


@contextmanager
def replayed(path: Path) -> Iterator[Server]:
    """A server that shows one recording."""
    server = Server.__new__(Server)
    command = [sys.executable, "-m", "server.cli", "replay", str(path), "--port", "0"]
    server.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.process.stdout is not None
    line = server.process.stdout.readline()
    found = re.search(r"(http://[\d.:]+)(/r/\S+)", line)
    assert found is not None, line
    server.address = found[1]
    try:
        yield server
    finally:
        server.end()


@pytest.mark.timeout(240)
def test_live_watched_and_replayed_are_the_same(browser: Browser, served: Server, tmp_path: Path) -> None:
    moments: list[tuple[int, dict[str, Any]]] = []
    with opened(browser, served) as page, opened(browser, served) as watcher:
        start(page, LAB)
        state = page.request.get(f"/api/runs/{page.get_attribute('main', 'data-run')}").json()
        watcher.goto(state["watch"])
        for step in LAB.steps[:STEPS]:
            predict(page, step, "right")
            run(page, step)
            explain(page, step)
            moments.append((end_of(page), picture(page)))
            expect(watcher.locator("[data-moment]")).to_have_text(page.locator("[data-moment]").inner_text())
            expect(watcher.locator(f"#step-{step.number}[data-settled]")).to_have_count(1)
            watcher.wait_for_function(f"({LESSON})().flat(3).join() === {picture_text(page)!r}")
            assert picture(watcher) == moments[-1][1]
            if step.number < STEPS:
                page.click(f"#next-{step.number}")
                expect(page.locator(f"#step-{step.number + 1}[data-place=now]")).to_be_visible()
        expect(watcher.locator("button[data-act]:visible, form[data-act] button:visible")).to_have_count(0)
        path = tmp_path / "lab.jsonl.gz"
        answer = page.request.get(f"/api/runs/{page.get_attribute('main', 'data-run')}/recording.jsonl.gz")
        path.write_bytes(answer.body())
    with replayed(path) as replay, opened(browser, replay) as page:
        page.goto("/r/lab")
        expect(page.locator("[data-link]")).to_have_attribute("data-link", "recording")
        for seq, shown in [*moments, *reversed(moments)]:
            seek(page, seq)
            told = picture(page)
            # The step that the learner entered without an event of the sandbox is the present one already.
            assert told["shapes"] == shown["shapes"], seq
            assert settled_parts(told) == settled_parts(shown), seq


def picture_text(page: Page) -> str:
    return str(page.evaluate(f"({LESSON})().flat(3).join()"))


def settled_parts(shown: dict[str, Any]) -> list[Any]:
    """The steps that are done, without where the learner is."""
    return [
        [name, phase, text, marks]
        for name, _, phase, settled, text, marks in shown["lesson"]
        if settled and name.startswith("step-")
    ]
