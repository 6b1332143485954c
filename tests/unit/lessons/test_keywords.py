"""Every keyword and every field is in the reference, and the page is as its generator writes it."""

from __future__ import annotations

from typing import get_args

import pytest

from docs import labs_reference
from docs.generate import FOLDER
from server.lessons.fields import FIELDS
from server.lessons.keywords import BLOCKS, KEYWORDS, MODIFIERS, VERBS
from server.lessons.query import Subject

PAGE = (FOLDER / "labs.md").read_text()


def test_the_page_is_up_to_date() -> None:
    assert labs_reference.page(FOLDER / "labs.md") == PAGE, "run `make docs`"


@pytest.mark.parametrize("context", KEYWORDS)
def test_every_keyword_is_documented(context: str) -> None:
    reference = PAGE.partition(labs_reference.MARK)[2]
    for name, keyword in KEYWORDS[context].items():
        assert f"| `{name}` |" in reference
        assert keyword.help in reference


def test_every_block_and_every_field_is_documented() -> None:
    assert all(f"| `{name}` | {text} |" in PAGE for name, text in BLOCKS.items())
    for fields in FIELDS.values():
        assert all(f"| `{name}` | {field.kind} | {field.help} |" in PAGE for name, field in fields.items())


def test_the_guide_shows_every_block_and_every_verb() -> None:
    guide = PAGE.partition(labs_reference.MARK)[0]
    assert all(f"`{name}`" in guide or f"```{name}" in guide for name in BLOCKS)
    assert all(f"{verb}:" in guide or f"`{verb}`" in guide or verb in guide for verb in VERBS)


def test_the_tables_agree_with_each_other() -> None:
    assert set(FIELDS) == set(get_args(Subject))
    assert set(get_args(Subject)) <= set(KEYWORDS["condition"])
    assert set(VERBS) <= set(KEYWORDS["action"])
    beside = {name for names in MODIFIERS.values() for name in names}
    assert set(KEYWORDS["action"]) - set(VERBS) == beside - set(VERBS)


def test_helps_are_clauses() -> None:
    helps = [keyword.help for table in KEYWORDS.values() for keyword in table.values()]
    helps += [field.help for fields in FIELDS.values() for field in fields.values()]
    assert all(text and not text.endswith(".") and "|" not in text for text in helps)
