"""What every lab of ours must have, whoever wrote it; what can be read without running anything."""

from __future__ import annotations

import ast
import re

import pytest

from server.lessons.model import Expect, Explain, Hints, Lab, Note, Predict, Prose, Table
from tests.ours import CROWDED, NAMES, OURS, lab_of, library

PROGRAM_LINES = 40
_FORBIDDEN = re.compile(r"\b(simply|just|easy|easily|obviously|of course|trivial)\b|!(?=\s|$|<)", re.IGNORECASE)


def test_all_can_be_read() -> None:
    assert [str(problem) for problem in library().problems] == []
    assert list(library().labs) == NAMES


def test_those_with_thousands_of_sockets_are_known() -> None:
    assert {name for name in NAMES if (lab_of(name).open_files or 0) > 1024} == CROWDED


def each(lab: Lab, kind: type) -> list:
    return [block for step in lab.steps for block in step.blocks if isinstance(block, kind)]


@pytest.fixture(params=NAMES)
def ours(request: pytest.FixtureRequest) -> Lab:
    return lab_of(request.param)


class TestEach:
    def test_it_asks_before_it_shows(self, ours: Lab) -> None:
        predictions = each(ours, Predict)
        assert len(predictions) >= 2
        assert any(predict.measure is not None for predict in predictions)

    def test_it_checks(self, ours: Lab) -> None:
        assert sum(len(block.checks) for block in each(ours, Expect)) >= 4
        assert all(check.that for block in each(ours, Expect) for check in block.checks)

    def test_it_lets_the_learner_take_over(self, ours: Lab) -> None:
        kinds = [step.task.kind for step in ours.steps if step.task is not None]
        assert "modify" in kinds
        assert "make" in kinds

    def test_it_shows_the_tools(self, ours: Lab) -> None:
        tables = each(ours, Table)
        assert tables
        assert any({"linux", "macos", "windows"} <= set(table.commands) for table in tables)

    def test_every_task_has_hints(self, ours: Lab) -> None:
        assert all(step.hints for step in ours.steps if step.task is not None)
        assert each(ours, Hints)

    def test_every_wrong_answer_is_answered(self, ours: Lab) -> None:
        for question in each(ours, Predict) + each(ours, Explain):
            assert all(option.html for option in question.options if not option.right)

    def test_no_question_is_a_toss_of_a_coin(self, ours: Lab) -> None:
        questions = each(ours, Predict) + each(ours, Explain)
        assert [question.question_html for question in questions if 0 < len(question.options) < 3] == []

    def test_its_words(self, ours: Lab) -> None:
        texts = [block.html for step in ours.steps for block in step.blocks if isinstance(block, Prose | Note)]
        texts += [block.html for block in ours.intro if isinstance(block, Prose | Note)]
        texts += [option.html for question in each(ours, Predict) + each(ours, Explain) for option in question.options]
        texts += [ours.title, ours.question, *ours.remember]
        found = [match.group() for text in texts for match in _FORBIDDEN.finditer(text)]
        assert found == []

    def test_its_programs_can_be_read_by_a_beginner(self, ours: Lab) -> None:
        for name in ours.files:
            text = (OURS / ours.name / name).read_text()
            assert len(text.splitlines()) <= PROGRAM_LINES, name
            if name.endswith(".py"):
                said = ast.get_docstring(ast.parse(text)) or ""
                assert "Usage: python3" in said, f"{name}: the first line says how it is used"


def test_no_misconception_is_settled_by_a_lab_that_does_not_say_so() -> None:
    for lab in map(lab_of, NAMES):
        settled = {number for question in each(lab, Predict) + each(lab, Explain) for number in question.settles}
        assert settled == set(lab.misconceptions), lab.name
