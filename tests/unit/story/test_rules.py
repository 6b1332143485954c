"""The table of rules is whole: it asks what can be asked, and tells what has words."""

from __future__ import annotations

import pytest

from server import events as ev
from server.story.beats import COUNTED, OTHERWISE
from server.story.predicates import predicates_of
from server.story.rules import RULES
from server.story.sentences import SENTENCES


def test_every_type_of_event_has_its_rules() -> None:
    assert list(RULES) == [kind.__struct_config__.tag for kind in ev.Event.__args__]


@pytest.mark.parametrize("tag", RULES)
def test_a_rule_asks_what_can_be_asked_of_its_events_and_tells_what_has_words(tag: str) -> None:
    for rule in RULES[tag]:
        assert set(rule.when) <= set(predicates_of(tag)), rule
        assert {rule.message, *rule.joins} - {""} <= set(SENTENCES), rule
        assert rule.alone or rule.joins, rule


def test_no_predicate_and_no_sentence_is_left_over() -> None:
    asked = {name for rules in RULES.values() for rule in rules for name in rule.when}
    assert {name for tag in RULES for name in predicates_of(tag)} - asked == set()
    told = {rule.message for rules in RULES.values() for rule in rules}
    scenes = {f"scene.{rule.leads}" for rules in RULES.values() for rule in rules if rule.leads}
    scenes |= set(OTHERWISE.values()) | {f"scene.{purpose}.many" for purpose, _ in COUNTED}
    sums = {"sum.beats", "sum.scenes"}
    assert {message for message in SENTENCES if not message.startswith("error.")} - told == scenes | sums
