"""The outline of a lab: what the page's modules draw on."""

from __future__ import annotations

import msgspec

from server.lessons.model import Explain, Predict
from server.lessons.reference import EMPTY
from server.web.lab_outline import Outline, outline
from server.web.lab_views import lesson_view
from tests.ours import NAMES, lab_of


def test_the_outline_counts_what_the_page_draws_on() -> None:
    for lab in map(lab_of, NAMES):
        told = outline(lab)
        assert msgspec.json.decode(lesson_view(lab, EMPTY).outline, type=Outline) == told
        for step, shown in zip(lab.steps, told.steps, strict=True):
            assert len(shown.actions) == len(shown.texts) == len(step.actions)
            assert (shown.checks, shown.hints) == (len(step.checks), len(step.hints))
            assert shown.task == (step.task is not None)
            questions = [block for block in step.blocks if isinstance(block, Predict | Explain)]
            labels = [[option.label for option in question.options] for question in questions]
            assert sorted(one.labels for one in [*shown.predicts, *shown.explains]) == sorted(labels)
            assert [one.measured for one in shown.predicts] == [one.measure is not None for one in step.predictions]
            assert [one.number for one in shown.predicts] == [one.number != "" for one in step.predictions]
