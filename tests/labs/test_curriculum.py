"""What every lab of ours must have, whoever wrote it; what can be read without running anything."""

from __future__ import annotations

import ast
import re

import pytest

from server.folders import folder
from server.lessons.loader import load
from server.lessons.model import Expect, Explain, Hints, Lab, Note, Predict, Prose, Table

OURS = folder("labs")
LIBRARY = load(OURS)
LABS = list(LIBRARY.labs.values())
PROGRAM_LINES = 40
_FORBIDDEN = re.compile(r"\b(simply|just|easy|easily|obviously|of course|trivial)\b|!(?=\s|$|<)", re.IGNORECASE)


def test_all_can_be_read() -> None:
    assert [str(problem) for problem in LIBRARY.problems] == []
    assert LABS


def each(lab: Lab, kind: type) -> list:
    return [block for step in lab.steps for block in step.blocks if isinstance(block, kind)]


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
class TestEach:
    def test_it_asks_before_it_shows(self, lab: Lab) -> None:
        predictions = each(lab, Predict)
        assert len(predictions) >= 2
        assert any(predict.measure is not None for predict in predictions)

    def test_it_checks(self, lab: Lab) -> None:
        assert sum(len(block.checks) for block in each(lab, Expect)) >= 4
        assert all(check.that for block in each(lab, Expect) for check in block.checks)

    def test_it_lets_the_learner_take_over(self, lab: Lab) -> None:
        kinds = [step.task.kind for step in lab.steps if step.task is not None]
        assert "modify" in kinds
        assert "make" in kinds

    def test_it_shows_the_tools(self, lab: Lab) -> None:
        tables = each(lab, Table)
        assert tables
        assert any({"linux", "macos", "windows"} <= set(table.commands) for table in tables)

    def test_every_task_has_hints(self, lab: Lab) -> None:
        assert all(step.hints for step in lab.steps if step.task is not None)
        assert each(lab, Hints)

    def test_every_wrong_answer_is_answered(self, lab: Lab) -> None:
        for question in each(lab, Predict) + each(lab, Explain):
            assert all(option.html for option in question.options if not option.right)

    def test_it_takes_five_to_twelve_minutes(self, lab: Lab) -> None:
        assert 5 <= lab.minutes <= 12

    def test_its_words(self, lab: Lab) -> None:
        texts = [block.html for step in lab.steps for block in step.blocks if isinstance(block, Prose | Note)]
        texts += [block.html for block in lab.intro if isinstance(block, Prose | Note)]
        texts += [option.html for question in each(lab, Predict) + each(lab, Explain) for option in question.options]
        texts += [lab.title, lab.question, *lab.remember]
        found = [match.group() for text in texts for match in _FORBIDDEN.finditer(text)]
        assert found == []

    def test_its_programs_can_be_read_by_a_beginner(self, lab: Lab) -> None:
        for name in lab.files:
            text = (OURS / lab.name / name).read_text()
            assert len(text.splitlines()) <= PROGRAM_LINES, name
            if name.endswith(".py"):
                said = ast.get_docstring(ast.parse(text)) or ""
                assert "Usage: python3" in said, f"{name}: the first line says how it is used"


def test_no_misconception_is_settled_by_a_lab_that_does_not_say_so() -> None:
    for lab in LABS:
        settled = {number for question in each(lab, Predict) + each(lab, Explain) for number in question.settles}
        assert settled == set(lab.misconceptions), lab.name
