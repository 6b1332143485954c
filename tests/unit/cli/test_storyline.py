"""``trace --story``: the lines of a story as it goes on."""

from __future__ import annotations

from itertools import pairwise

from server.cli.storyline import Storyline
from tests.recordings.stories import events_of


def lines_of(name: str, *, colour: bool = False) -> list[str]:
    storyline = Storyline(colour=colour)
    lines = [line for event in events_of(name) for line in storyline.lines(event)]
    return lines + storyline.rest()


def test_scenes_are_headings_and_beats_have_their_time() -> None:
    lines = lines_of("refused")
    assert lines[:3] == [
        "",
        "echo_client starts on client-a",
        "   0.006302  echo_client starts on client-a as process 2.",
    ]
    headings = [after for before, after in pairwise(lines) if not before]
    assert headings[1:3] == ["client-a connects to 10.0.0.4, port 7", "client-a is refused"]
    assert lines[-1].endswith("The sandbox has ended: the recording ends.")


def test_a_beat_is_printed_when_the_next_begins_and_never_twice() -> None:
    lines = lines_of("three-clients-one-port")
    assert len(lines) == len(set(lines) - {""}) + lines.count("") + repeated(lines)


def repeated(lines: list[str]) -> int:
    """How many headings stand more than once: two clients of one host connect alike."""
    headings = [line for line in lines if line and not line.startswith("   ")]
    return len(headings) - len(set(headings))


def test_colours_are_only_for_terminals() -> None:
    assert not any("\x1b" in line for line in lines_of("refused"))
    assert any("\x1b[1m" in line for line in lines_of("refused", colour=True))
