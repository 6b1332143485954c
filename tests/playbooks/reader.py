"""Conversations as text: ``>>`` what arrives, ``<<`` what must come out.

    == A title: one conversation begins

    # For people.
    >> what arrives
    << what must come of it, all of it and in this order
    >> something of which nothing must come

Who knows the words (``speaker``) takes each line behind ``>>`` and answers with lines. A conversation that went
otherwise is shown as a difference of the whole text.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Conversation:
    """One conversation: its title, and its lines with their marks."""

    title: str
    lines: tuple[str, ...]


def read(text: str) -> list[Conversation]:
    """The conversations of a text.

    Raises:
        ValueError: A line is none of the four kinds, or stands before the first title.
    """
    found: list[tuple[str, list[str]]] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = " ".join(raw.split())
        if line.startswith("== "):
            found.append((line.removeprefix("== "), []))
        elif line.startswith((">> ", "<< ")) and found:
            found[-1][1].append(line)
        elif line and not line.startswith("#"):
            raise ValueError(f"line {number} is no title, comment, >> or <<: {raw}")
    return [Conversation(title, tuple(lines)) for title, lines in found]


def conversations(name: str) -> Any:
    """A test of each conversation of a file."""
    found = read((FOLDER / name).read_text())
    return pytest.mark.parametrize("conversation", [pytest.param(it, id=it.title) for it in found])


def play(conversation: Conversation, speaker: Callable[[str], list[str]]) -> None:
    """Say what arrives, and compare what comes out."""
    got: list[str] = []
    for line in conversation.lines:
        if line.startswith(">> "):
            got.append(line)
            got += [f"<< {answer}" for answer in speaker(line.removeprefix(">> "))]
    if tuple(got) != conversation.lines:
        difference = difflib.unified_diff(conversation.lines, got, "as written", "as it went", n=100, lineterm="")
        pytest.fail(f"{conversation.title}\n" + "\n".join(difference), pytrace=False)
