"""A diligent learner does one thing after the other, each once, and comes to the end."""

from __future__ import annotations

import dataclasses

from server.courses.diligent import is_done, next_act
from server.lab_acts import AnswerQuestion, EnterStep, PerformActions, ShowStep, StartLab, UseTool
from tests.playbooks.lab_run_speaker import LabRun


def test_from_the_first_step_to_the_last() -> None:
    run, did = LabRun(), []
    world = {  # what the runner and the kernel answer to an act
        StartLab: ["sandbox s1 is there", "all was played"],
        PerformActions: [],
        ShowStep: ["server listens on 7000", "action 0 of step 4 is done", "nothing more happens in step 4"],
        UseTool: ["tool 0 of step 2 runs as 9"],
    }
    happens = {1: ["server listens on 7"], 2: ["a client connects"]}
    while not is_done(run.lab, run.state):
        act = next_act(run.lab, run.state)
        assert act is not None
        assert act.act not in run.state["acts"], "it waits for nothing here"
        did.append(act)
        run.tell(act)
        assert run.state["refusal"] == ""
        for line in world.get(type(act), []):
            run(line)
        if isinstance(act, PerformActions):
            for line in (*happens[act.step], *(f"action {number} of step {act.step} is done" for number in (0, 1))):
                run(line)
            run(f"nothing more happens in step {act.step}")
    assert [(type(act), act.step) for act in did] == [
        (StartLab, 1),
        (PerformActions, 1),
        (EnterStep, 2),
        (AnswerQuestion, 2),
        (AnswerQuestion, 2),
        (PerformActions, 2),
        (UseTool, 2),
        (AnswerQuestion, 2),
        (EnterStep, 3),
        (AnswerQuestion, 3),
        (EnterStep, 4),
        (ShowStep, 4),
    ]
    assert len({act.act for act in did}) == len(did)
    assert all(given["fits"] for given in run.state["answers"].values()), "a diligent learner is right"
    assert next_act(run.lab, run.state) is None


def test_while_something_is_at_work_there_is_nothing_to_do() -> None:
    run = LabRun()
    assert isinstance(next_act(run.lab, run.state), StartLab)
    run("start")
    assert (next_act(run.lab, run.state), is_done(run.lab, run.state)) == (None, False)
    run("sandbox s1 is there")
    run("all was played")
    run("run step 1")
    assert (next_act(run.lab, run.state), is_done(run.lab, run.state)) == (None, False)


def test_where_nothing_can_go_on_it_is_done() -> None:
    lost, deleted = LabRun(), LabRun()
    for line in ("start", "the sandbox is lost: idle"):
        lost(line)
    deleted("the learner deletes it")
    assert is_done(lost.lab, lost.state)
    assert is_done(deleted.lab, deleted.state)


def test_a_prediction_in_a_step_without_actions_is_answered_behind_its_text() -> None:
    run = LabRun()
    question, reading = run.lab.steps[1].predictions[1], run.lab.steps[2]
    asking = dataclasses.replace(reading, blocks=(question, *reading.blocks))
    lab = dataclasses.replace(run.lab, steps=(*run.lab.steps[:2], asking, *run.lab.steps[3:]))
    for line in ("start at step 3", "sandbox s1 is there", "all was played"):
        run(line)
    run.tell(AnswerQuestion(act="act-explain", step=3, kind="explain", question=0, choice="Yes"))
    act = next_act(lab, run.state)
    assert isinstance(act, AnswerQuestion)
    assert (act.step, act.kind, act.choice) == (3, "predict", "The kernel")
