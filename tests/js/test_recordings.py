"""The two folds, server/state.py and static/js/log/fold.js, agree after every event of every golden recording."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from playwright.sync_api import Page

from server.events import decode_entry
from server.sessions import recording
from server.state import fold, initial
from tests.recordings.make import path_of
from tests.recordings.runs import RUNS

FOLD = """
async (lines) => {
  const { fold, initial } = await import("/static/js/log/fold.js");
  const sorted = (value) => {
    if (Array.isArray(value)) return value.map(sorted);
    if (value === null || typeof value !== "object") return value;
    return { pairs: Object.keys(value).sort().map((key) => [key, sorted(value[key])]) };
  };
  const digest = async (text) => {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const state = initial();
  const texts = [];
  for (const line of lines) texts.push(JSON.stringify(sorted(fold(state, JSON.parse(line)))));
  return { digests: await Promise.all(texts.map(digest)), last: texts.at(-1) };
}
"""
LOOK_BACK = """
async (lines) => {
  const { Log } = await import("/static/js/log/log.js");
  const { fold, initial } = await import("/static/js/log/fold.js");
  const events = lines.map((line) => JSON.parse(line));
  const log = new Log(() => null);
  log.append(events);
  const straight = [];
  const state = initial();
  for (const event of events) straight.push(JSON.stringify(fold(state, event)));
  // Backwards, forwards and across: 7 shares no factor with a checkpoint's distance.
  const order = events.map((_, index) => events.length - index);
  order.push(...events.map((_, index) => index + 1), ...events.map((_, index) => ((index * 7) % events.length) + 1));
  return order.filter((seq) => JSON.stringify(log.at(seq).state) !== straight[seq - 1]);
}
"""


def plain(value: Any) -> Any:
    """A state as both languages write it the same: members in order, whole numbers without a point."""
    if isinstance(value, dict):
        return {"pairs": [[name, plain(value[name])] for name in sorted(value)]}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text_of(state: dict[str, Any]) -> str:
    """A state as the same text on both sides."""
    return json.dumps(plain(state), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("name", RUNS)
def test_both_folds_agree_after_every_event(modules: Page, name: str) -> None:
    lines = [line.decode() for line in recording.read(path_of(name))]
    state = initial()
    digests = []
    for line in lines:
        text = text_of(fold(state, decode_entry(line.encode())))
        digests.append(hashlib.sha256(text.encode()).hexdigest())
    found = modules.evaluate(FOLD, lines)
    pairs = enumerate(zip(digests, found["digests"], strict=True), 1)
    different = [seq for seq, (ours, theirs) in pairs if ours != theirs]
    if different:
        seq = different[0]
        theirs = json.loads(modules.evaluate(FOLD, lines[:seq])["last"])
        state = initial()
        for line in lines[:seq]:
            fold(state, decode_entry(line.encode()))
        assert theirs == plain(state), f"the states differ after {lines[seq - 1]}"
    assert different == []


@pytest.mark.parametrize("name", RUNS)
def test_a_look_back_is_the_state_of_that_time(modules: Page, name: str) -> None:
    lines = [line.decode() for line in recording.read(path_of(name))]
    assert modules.evaluate(LOOK_BACK, lines) == []
