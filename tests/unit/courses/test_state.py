"""The fold of a run: what its rules say that are not obvious. Whole runs are in the playbook and in the recordings."""

from __future__ import annotations

import typing

import msgspec
import pytest

from server import lab_events as le
from server.courses.state import KEPT_ACTS, RunState, answer_key, fold, initial


def folded(*events: le.LabEvent) -> RunState:
    """The state after these events; seq and place are given to each."""
    state = initial()
    for seq, event in enumerate(events, 1):
        fold(state, msgspec.structs.replace(event, seq=seq, t=seq * 10, sandbox=event.sandbox or "s1", at=seq * 100))
    return state


BEGUN = le.LabBegun(lab="01-x", edition="e", steps=3, step=1, began=5)
ENTERED = le.LabStepEntered(step=1)
LIVE = (BEGUN, le.LabRebuildBegun(step=1, why="start"), le.LabSandboxOpened(), le.LabRebuilt(step=1), ENTERED)


def asked(*actions: int, **fields: typing.Any) -> le.LabActionsRequested:
    return le.LabActionsRequested(step=1, actions=[le.Asked(action=one, **fields) for one in actions])


def ended(action: int, outcome: typing.Literal["done", "stopped", "refused"] = "done", detail: str = "") -> le.LabEvent:
    return le.LabActionEnded(step=1, action=action, outcome=outcome, detail=detail)


def test_a_run_begins_with_what_is_known_of_its_learner() -> None:
    answer = le.Answer(step=2, kind="predict", question=0, choice="2", measured="3", fits=False)
    begun = le.LabBegun(lab="01-x", edition="e", steps=3, step=2, began=5, answers=[answer], settled=[1], finished=True)
    state = folded(begun)
    assert (state["step"], state["goal"], state["settled"], state["finished"]) == (2, 2, [1], True)
    assert state["answers"] == {answer_key(2, "predict", 0): {"choice": "2", "measured": "3", "fits": False}}
    assert (state["seq"], state["t"], state["at"]) == (1, 10, 100)


def test_only_so_many_acts_are_remembered_and_the_oldest_go_first() -> None:
    acts = [le.LabActAccepted(act=f"act-{number:05}", name="lab.stop") for number in range(KEPT_ACTS + 2)]
    state = folded(BEGUN, *acts)
    assert len(state["acts"]) == KEPT_ACTS
    assert next(iter(state["acts"])) == "act-00002"


def test_a_refusal_is_said_until_an_act_is_accepted() -> None:
    refused = le.LabActRefused(
        act="act-00001", name="lab.stop", title="No", detail="It runs.", hint="Wait.", status=409
    )
    state = folded(BEGUN, refused)
    assert (state["refusal"], state["refused"]) == ("It runs. Wait.", 2)
    assert state["acts"]["act-00001"] == {"title": "No", "detail": "It runs.", "hint": "Wait.", "status": 409}
    assert folded(BEGUN, refused, le.LabActAccepted(act="act-00002", name="lab.stop"))["refusal"] == ""


def test_the_queue_is_worked_off_from_its_front() -> None:
    state = folded(*LIVE, asked(0, 1), le.LabActionBegun(step=1, action=0))
    assert state["entered"]["1"]["moods"] == {"0": "doing"}
    state = folded(*LIVE, asked(0, 1), le.LabActionBegun(step=1, action=0), ended(0))
    step = state["entered"]["1"]
    assert (step["phase"], step["moods"]) == ("running", {"0": "done"})
    assert ([one["action"] for one in step["did"]], [one["action"] for one in step["queue"]]) == ([0], [1])


@pytest.mark.parametrize(
    ("end", "trouble", "moods"), [(ended(0, "stopped"), "", {}), (ended(0, "refused", "No."), "No.", {"0": "failed"})]
)
def test_after_a_stop_or_a_refusal_nothing_waits(end: le.LabEvent, trouble: str, moods: dict[str, str]) -> None:
    step = folded(*LIVE, asked(0, 1), end)["entered"]["1"]
    assert (step["queue"], step["did"], step["trouble"], step["moods"]) == ([], [], trouble, moods)
    assert folded(*LIVE, asked(0, 1), end, asked(0))["entered"]["1"]["trouble"] == ""


def test_a_rewritten_action_keeps_its_text_until_it_is_asked_for_again() -> None:
    rewritten = folded(*LIVE, asked(0, text="ss"), ended(0))
    assert rewritten["entered"]["1"]["texts"] == {"0": "ss"}
    assert folded(*LIVE, asked(0, text="ss"), ended(0), asked(0))["entered"]["1"]["texts"] == {}


def test_what_is_no_action_of_the_step_has_no_mood() -> None:
    own = le.LabActionsRequested(step=1, actions=[le.Asked(host="server", text="ss")])
    step = folded(*LIVE, own, le.LabActionBegun(step=1, action=-1), ended(-1, "refused", "No."))["entered"]["1"]
    assert (step["moods"], step["texts"], step["trouble"]) == ({}, {}, "No.")


def test_a_step_that_settles_grades_the_predictions_that_were_given() -> None:
    answered = le.LabQuestionAnswered(step=1, kind="predict", question=1, choice="2")
    measured = [le.Measured(value="9"), le.Measured(value="2", label="2", fits=True)]
    state = folded(*LIVE, answered, le.LabStepSettled(step=1, decided=42, measured=measured))
    assert state["answers"] == {"1 predict 1": {"choice": "2", "measured": "2", "fits": True}}
    assert (state["settled"], state["entered"]["1"]["decided"]) == ([1], 42)


def test_a_step_that_is_played_again_keeps_what_was_measured_and_is_not_done_by_it() -> None:
    first = le.LabStepSettled(step=1, decided=42, measured=[le.Measured(value="2")])
    again = le.LabStepSettled(step=1, decided=50, measured=[le.Measured(value="7")], rebuilt=True)
    rebuild = (le.LabRebuildBegun(step=2, why="restart"), le.LabSandboxOpened(sandbox="s2"))
    state = folded(*LIVE, first, *rebuild, le.LabStepReplayed(step=1), ENTERED, again)
    step = state["entered"]["1"]
    assert ([one["value"] for one in step["measured"]], step["replayed"], step["decided"]) == (["2"], True, 50)
    assert (state["replaying"], state["step"], state["sandbox"], state["mood"]) == (1, 2, "s2", "building")
    assert folded(*LIVE, ENTERED, again)["settled"] == []
    assert [one["value"] for one in folded(*LIVE, again)["entered"]["1"]["measured"]] == ["7"]


def test_a_rebuild_forgets_the_steps_behind_it() -> None:
    three = [le.LabStepEntered(step=number) for number in (1, 2, 3)]
    for through, left in ((False, ["1"]), (True, ["1", "2"])):
        state = folded(
            *LIVE, *three, le.LabRebuildBegun(step=2, why="start", through=through, redo=[le.Asked(start=0)])
        )
        assert list(state["entered"]) == left
        assert state["redo"] == [{"action": -1, "start": 0, "host": "", "text": None}]
        assert (state["sandbox"], state["tools"]) == ("", {})


def test_no_sandbox_ends_a_run_that_had_one_and_leaves_another_as_it_was() -> None:
    refused = le.LabSandboxRefused(title="A limit is reached", detail="Too many.", hint="Wait.")
    state = folded(BEGUN, le.LabRebuildBegun(step=1, why="start"), refused)
    assert (state["mood"], state["why"], state["refusal"], state["refused"]) == (
        "none",
        "Too many.",
        "Too many. Wait.",
        3,
    )
    assert folded(*LIVE, le.LabRebuildBegun(step=2, why="start"), refused)["mood"] == "ended"


def test_tools_edits_hints_and_ends() -> None:
    tool = le.LabToolUsed(step=2, tool=1, pid=7)
    state = folded(*LIVE, tool, le.LabHintOffered(step=1, hint=1), le.LabFinished(), le.LabGivenUp(why="deleted"))
    assert state["tools"] == {"2 1": {"pid": 7, "detail": ""}}
    assert (state["entered"]["1"]["hints"], state["finished"], state["closed"]) == (2, True, "deleted")
    same = folded(*LIVE, le.LabEdited(edition="f", steps=4, same=True))
    assert (same["edition"], same["steps"], same["mood"]) == ("f", 4, "live")
    other = folded(*LIVE, le.LabEdited(edition="f", steps=4, same=False))
    assert (other["mood"], "edited" in other["why"]) == ("ended", True)


def test_what_happens_in_a_step_that_is_not_entered_changes_nothing() -> None:
    before = folded(*LIVE)
    after = folded(*LIVE, le.LabHintOffered(step=3, hint=0))
    assert {name for name in before if before[name] != after[name]} == {"seq", "t", "at"}  # type: ignore[literal-required]
