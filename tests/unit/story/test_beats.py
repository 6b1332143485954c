"""Beats and scenes of the recordings: read as stories, kept as text; and what must hold of every story."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import pytest

from server import events as ev
from server.story.beats import Beat, Scene, Story
from tests.recordings.runs import RUNS
from tests.recordings.stories import FOLDER, events_of, story_of, text_of

cached_events = cache(events_of)


@cache
def beats_of(name: str) -> list[Beat]:
    return story_of(cached_events(name)).beats


@pytest.mark.parametrize("name", RUNS)
def test_a_recording_is_told_as_it_was_read(name: str) -> None:
    text = text_of(story_of(cached_events(name)))
    assert text == (FOLDER / f"{name}.txt").read_text(), "read it, then run: python -m tests.recordings.stories"


def test_every_story_has_its_recording() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_a_log_cut_short_has_the_same_beats_and_scenes_but_for_the_last(name: str) -> None:
    """A story sees no event before it comes, so what it is after one is the story of the log up to there."""
    whole, story = story_of(cached_events(name)), Story()
    beats: list[Beat] = []
    scenes: list[Scene] = []
    for event in cached_events(name):
        story.add(event)
        beats += deepcopy(story.beats[len(beats) : -1])
        scenes += deepcopy(story.scenes[len(scenes) : -1])
        assert (len(beats), len(scenes)) == (max(0, len(story.beats) - 1), max(0, len(story.scenes) - 1))
    assert (beats, scenes) == (whole.beats[:-1], whole.scenes[:-1])


@pytest.mark.parametrize("name", RUNS)
def test_every_foreground_event_is_in_one_beat_and_order_is_kept(name: str) -> None:
    story = story_of(cached_events(name))
    seqs = [seq for beat in story.beats for seq in beat.seqs]
    assert seqs == sorted(set(seqs))
    scenes = [beat.scene for beat in story.beats]
    assert list(dict.fromkeys(scenes)) == [scene.id for scene in story.scenes]
    assert scenes == sorted(scenes)
    assert all(scene in {beat.id for beat in story.beats} for scene in scenes)


GIVES = {"row.owned", "accept.gives", "accept.pairs"}


@pytest.mark.parametrize("name", RUNS)
def test_each_connection_waits_without_an_owner_in_one_beat_and_gets_its_descriptor_in_another(name: str) -> None:
    waiting: dict[str, int] = {}
    given = 0
    for beat in beats_of(name):
        for said in beat.said:
            if said.message == "row.waits":
                waiting[said.slots["remote"]] = beat.id
            if said.message in GIVES:
                given += 1
            if said.message == "row.owned":
                assert waiting[said.slots["remote"]] < beat.id
    accepts = set()
    for event in cached_events(name):
        if isinstance(event, ev.SyscallEntered) and event.name in ("accept", "accept4"):
            accepts.add(event.call)
    returned = [event for event in cached_events(name) if isinstance(event, ev.SyscallReturned)]
    assert given == sum(event.call in accepts and event.new_fd is not None for event in returned), "each once"


def test_a_refusal_ends_on_the_refusal() -> None:
    story = story_of(cached_events("refused"))
    refused = next(scene for scene in story.scenes if scene.purpose == "refused")
    beats = [beat for beat in story.beats if beat.scene == refused.id]
    assert [beat.said[0].message for beat in beats] == [
        "connect.asks", "packet.syn", "packet.arrives", "packet.refusal", "call.fails",
    ]  # fmt: skip
    assert str(beats[-1]).endswith("it is refused.")


def test_three_clients_are_three_scenes() -> None:
    purposes = [scene.purpose for scene in story_of(cached_events("three-clients-one-port")).scenes]
    assert purposes == ["start", "start", "connect", "connect", "connect", "bytes", "end"]


@pytest.mark.parametrize("name", RUNS)
def test_libraries_and_questions_are_background(name: str) -> None:
    words = " ".join(str(beat) for beat in beats_of(name))
    assert not any(noise in words for noise in ("nscd", "getpeername", "getsockname", "fcntl", "AF_UNSPEC", "clone"))
