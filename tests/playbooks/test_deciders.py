"""The deciders keep to their playbooks."""

from __future__ import annotations

import pytest

from tests.playbooks.reader import Conversation, conversations, play, read
from tests.playbooks.speaker import Speaker


@conversations("conductor.txt")
def test_conductor(conversation: Conversation) -> None:
    play(conversation, Speaker())


@conversations("switch.txt")
def test_switch(conversation: Conversation) -> None:
    play(conversation, Speaker())


@conversations("patience.txt")
def test_patience(conversation: Conversation) -> None:
    play(conversation, Speaker())


@conversations("tracees.txt")
def test_tracees(conversation: Conversation) -> None:
    play(conversation, Speaker())


def test_a_conversation_that_goes_otherwise_is_shown_as_a_difference() -> None:
    (wrong,) = read("== Wrong\n>> call 1 arrives\n<< call 1 waits")
    with pytest.raises(pytest.fail.Exception) as caught:
        play(wrong, Speaker())
    text = str(caught.value)
    assert "\n >> call 1 arrives\n-<< call 1 waits\n+<< call 1 may go on" in text


def test_an_answer_too_many_is_found() -> None:
    (wrong,) = read("== Wrong\n>> call 1 arrives")
    with pytest.raises(pytest.fail.Exception):
        play(wrong, Speaker())


@pytest.mark.parametrize("text", ["words", ">> before a title", "== Title\n> call 1"])
def test_a_line_of_no_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        read(text)
