"""The two stories, server/story/ and static/js/story/, are equal after every event of every log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docs import story_js
from server import events as ev
from server.sessions import recording
from server.story.beats import Story
from server.story.sentences import SENTENCES
from tests.js.test_folds import Folder, any_event, assert_equal_at_every_seq
from tests.recordings.make import path_of
from tests.recordings.runs import RUNS

CALLS = Path(__file__).parents[2] / "static" / "js" / "words" / "calls.js"


@pytest.fixture(scope="module")
def browsers() -> Iterator[Folder]:
    """The browser's story."""
    folder = Folder("stories.mjs")
    yield folder
    folder.close()


def stories(entries: list[bytes]) -> Iterator[Any]:
    """What the story is after each of these lines."""
    story = Story()
    for entry in entries:
        story.add(ev.decode_entry(entry))
        beat, scene = (story.beats or [None])[-1], (story.scenes or [None])[-1]
        words = [str(said) for said in (*beat.said, scene.heading)] if beat and scene else []
        yield msgspec.to_builtins(
            {"beats": len(story.beats), "scenes": len(story.scenes), "beat": beat, "scene": scene, "words": words}
        )


@pytest.mark.parametrize("name", RUNS)
def test_both_tell_a_run_alike_after_every_event(browsers: Folder, name: str) -> None:
    assert_equal_at_every_seq(browsers, list(recording.read(path_of(name))), stories)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_event, min_size=8, max_size=40))
def test_both_tell_any_order_of_events_alike(browsers: Folder, list_: list[ev.Event]) -> None:
    hosts: list[ev.Event] = [
        ev.HostAdded(host="server", addresses=["10.0.0.4/24"]),
        ev.HostAdded(host="client-a", addresses=[]),
    ]
    entries = [ev.encode_entry(seq, seq * 10, event) for seq, event in enumerate(hosts + list_, 1)]
    assert_equal_at_every_seq(browsers, entries, stories)


def test_the_browsers_table_is_the_servers() -> None:
    assert story_js.TARGET.read_text() == story_js.render(), "run: make docs"


def test_an_errno_means_the_same_in_a_beat_and_on_the_page() -> None:
    table = CALLS.read_text().partition("export const ERRORS")[2].partition("});")[0]
    found = dict(re.findall(r'^  (E\w+): "(.*)",$', table, re.MULTILINE))
    assert found == {name.removeprefix("error."): text for name, text in SENTENCES.items() if name.startswith("error.")}
