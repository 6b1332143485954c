"""The minutes that a lab states are those that it takes: what is read in it, thought about, watched and tried.

A run is watched in beats, a sentence of four seconds each. Most steps have 15 to 60 of them; what takes longer than
a minute is told by scenes. So a run counts as one stretch of time, however much happens in it.
"""

from __future__ import annotations

import re

import pytest

from server.lessons.model import Block, Do, Expect, Explain, Lab, Predict, Prose, Task
from tests.ours import NAMES, lab_of

WORDS_A_MINUTE = 200
QUESTION, RUN, TASK = 1 / 6, 2 / 3, 1.0
"""Minutes to decide on an answer, to watch what a step runs, and to do a task."""


def words(*texts: str) -> int:
    return sum(len(re.sub(r"<[^>]+>", " ", text).split()) for text in texts)


def read(block: Block) -> int:
    """How many words of a block somebody reads who needs no hint and guesses right."""
    match block:
        case Prose(html=html):
            return words(html)
        case Predict() | Explain():
            typed = isinstance(block, Predict) and block.number != ""
            labels = [] if typed else [option.label_html for option in block.options]
            return words(block.question_html, *labels, *(option.html for option in block.options if option.right))
        case Expect(checks=checks):
            return words(*(check.that for check in checks))
        case Task(task_html=html):
            return words(html)
        case _:
            return 0


def minutes(lab: Lab) -> float:
    blocks = [*lab.intro, *(block for step in lab.steps for block in step.blocks)]
    reading = words(lab.question, *lab.remember, *(step.title for step in lab.steps)) + sum(map(read, blocks))
    questions = sum(isinstance(block, Predict | Explain) for block in blocks)
    runs, tasks = (sum(isinstance(block, kind) for block in blocks) for kind in (Do, Task))
    return reading / WORDS_A_MINUTE + questions * QUESTION + runs * RUN + tasks * TASK


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_takes_the_minutes_that_it_states(name: str) -> None:
    lab = lab_of(name)
    assert lab.minutes == pytest.approx(minutes(lab), abs=1)


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_is_done_in_a_quarter_of_an_hour(name: str) -> None:
    assert 5 <= lab_of(name).minutes <= 15
