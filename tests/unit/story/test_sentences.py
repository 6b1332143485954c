"""The sentences of beats: slots are filled and never obeyed."""

from __future__ import annotations

from server.story.sentences import words


def test_a_slot_that_looks_like_one_stays_as_it_is() -> None:
    assert words("program.prints", {"who": "{text}", "text": "{who}"}) == "{text} prints: {who}"
