"""The two folds of lab runs, server/courses/state.py and static/js/log/run_fold.js, give equal states at every seq."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import lab_events as le
from server.courses.state import fold, initial
from server.sessions import recorded_logs
from tests.js.test_folds import Folder, assert_equal_at_every_seq
from tests.recordings.lab_runs import RUNS, path_of

EVENTS: tuple[type[msgspec.Struct], ...] = typing.get_args(le.LabEvent)


@pytest.fixture(scope="module")
def browsers() -> Iterator[Folder]:
    """The browser's fold of lab runs."""
    folder = Folder("run_folds.mjs")
    yield folder
    folder.close()


def states(entries: list[bytes]) -> Iterator[Any]:
    """The state of a run after each of these lines; it is always the same object."""
    state = initial()
    return (fold(state, le.decode_lab_entry(entry)) for entry in entries)


def lines_of(name: str) -> list[bytes]:
    """The run's own log in a recording."""
    logs = recorded_logs.read(path_of(name))
    return list(logs.lines[logs.of("lab")])


@pytest.mark.parametrize("name", RUNS)
def test_both_folds_agree_after_every_event_of_a_run(browsers: Folder, name: str) -> None:
    assert_equal_at_every_seq(browsers, lines_of(name), states)


def test_the_recordings_show_what_a_run_can_come_to() -> None:
    seen = {le.decode_lab_entry(line).__struct_config__.tag for name in RUNS for line in lines_of(name)}
    rare = {"lab.sandbox.refused", "lab.edited", "lab.given_up"}
    assert {kind.__struct_config__.tag for kind in EVENTS} - seen == rare
    final = initial()
    for line in lines_of("rebuilt"):
        fold(final, le.decode_lab_entry(line))
    assert final["finished"]
    assert {step["sandbox"] for step in final["entered"].values()} == {final["sandbox"]}


# Few values, so that events meet: steps that were entered, actions that were asked for, questions that were answered.
SMALL: dict[str, st.SearchStrategy[Any]] = {
    "step": st.integers(1, 3),
    "steps": st.just(3),
    "action": st.integers(-1, 2),
    "check": st.integers(0, 1),
    "hint": st.integers(0, 2),
    "question": st.integers(0, 1),
    "tool": st.integers(0, 1),
    "act": st.sampled_from(["act-00001", "act-00002"]),
    "sandbox": st.sampled_from(["", "s1", "s2"]),
    "settled": st.lists(st.integers(1, 3), max_size=3, unique=True),
}
SHORT = st.text(max_size=4)


def _values(name: str, hint: Any) -> st.SearchStrategy[Any]:
    if name in SMALL and (name, hint) != ("hint", str):  # that of a refusal is a sentence
        return SMALL[name]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _structs(hint)
    if typing.get_origin(hint) is list:
        return st.lists(_values("", typing.get_args(hint)[0]), max_size=3)
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(typing.get_args(hint))
    if options := typing.get_args(hint):
        return st.one_of([st.none() if option is type(None) else _values("", option) for option in options])
    simple = {str: SHORT, int: st.integers(0, 9), bool: st.booleans()}
    return simple[hint]


def _structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: _values(name, hints[name]) for name in kind.__struct_fields__})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(*map(_structs, EVENTS)), min_size=8, max_size=40))
def test_both_folds_agree_on_any_order_of_events(browsers: Folder, events: list[le.LabEvent]) -> None:
    entries = [
        le.encode_lab_entry(seq, seq * 10, msgspec.structs.replace(event, seq=0, t=0))
        for seq, event in enumerate(events, 1)
    ]
    assert_equal_at_every_seq(browsers, entries, states)


def test_both_folds_remember_the_same_acts(browsers: Folder) -> None:
    """More than are remembered, and one of the first again."""
    acts = [f"act-{number:05}" for number in (*range(300), 100)]
    entries = [le.encode_lab_entry(seq, 0, le.LabActAccepted(act=act, name="x")) for seq, act in enumerate(acts, 1)]
    assert_equal_at_every_seq(browsers, entries, states)
