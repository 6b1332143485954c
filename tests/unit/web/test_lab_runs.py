"""What is known of a check, as verdicts come in; the run itself is tested where it runs (tests/web/test_labs.py)."""

from __future__ import annotations

from server.lessons.checks import Row, Verdict
from server.web.lab_runs import CheckState, StepState, take
from tests.ours import lab_of


def row(key: str, seq: int) -> Row:
    return Row("socket", key, seq, {"state": "ESTABLISHED"})


def test_waiting_partly_true() -> None:
    known = CheckState()
    take(known, Verdict(False, 0, 2), (), 0, 10)
    assert known.mood == "waiting"
    assert take(known, Verdict(False, 1, 2, (row("a", 12),)), (), 10, 15)
    assert (known.mood, known.count, known.wanted) == ("partly", 1, 2)
    assert take(known, Verdict(True, 2, 2, (row("a", 12), row("b", 18))), (), 15, 20)
    assert (known.mood, known.since) == ("true", 18)


def test_true_since_the_row_that_was_needed() -> None:
    known = CheckState()
    take(known, Verdict(True, 3, 1, (row("a", 11), row("b", 13), row("c", 14))), (), 10, 20)
    assert known.since == 11


def test_a_row_that_was_there_before_does_not_date_it() -> None:
    known = CheckState()
    take(known, Verdict(True, 1, 1, (row("a", 3),)), (), 10, 20)
    assert known.since == 20


def test_since_stays_while_it_is_true() -> None:
    known = CheckState()
    take(known, Verdict(True, 1, 1, (row("a", 12),)), (), 10, 20)
    take(known, Verdict(True, 1, 1, (row("a", 25),)), (), 20, 30)
    assert known.since == 12


def test_true_and_false_again_is_told() -> None:
    known = CheckState()
    take(known, Verdict(True, 1, 1, (row("a", 12),)), (), 10, 20)
    assert take(known, Verdict(False, 0, 1), ("<p>look</p>",), 20, 33)
    assert (known.mood, known.since, known.lost, known.hints) == ("lost", 12, 33, ("<p>look</p>",))
    take(known, Verdict(False, 0, 1), (), 33, 40)
    assert known.lost == 33
    take(known, Verdict(True, 1, 1, (row("b", 44),)), (), 40, 45)
    assert (known.mood, known.since) == ("true", 44)


def test_what_was_true_once_counts() -> None:
    step = lab_of("03-one-port-many-sockets").steps[0]
    state = StepState(step=step)
    first, *others = state.checks
    take(first, Verdict(True, 1, 1, (row("a", 12),)), (), 10, 20)
    take(first, Verdict(False, 0, 1), (), 20, 33)
    assert not state.met
    for known in others:
        take(known, Verdict(True, 1, 1, (row("b", 40),)), (), 33, 40)
    assert state.met


def test_without_a_change_nothing_is_shown_again() -> None:
    known = CheckState()
    take(known, Verdict(True, 1, 1, (row("a", 12),)), (), 10, 20)
    assert not take(known, Verdict(True, 1, 1, (row("a", 12),)), (), 20, 30)
