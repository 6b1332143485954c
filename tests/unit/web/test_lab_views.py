"""A lab as values for its page: text and forms in the lab's order."""

from __future__ import annotations

from server.lessons.reference import load_reference
from server.web.lab_views import host_choices, lesson_view
from tests.ours import OURS, lab_of

LAB = lab_of("03-one-port-many-sockets")
REFERENCE = load_reference(OURS)[0]


def test_a_step_has_its_pieces_in_the_labs_order() -> None:
    step = lesson_view(LAB, REFERENCE).steps[1]
    kinds = [(block.kind, block.after) for block in step.blocks]
    assert kinds == [
        ("prose", False),
        ("question", False),
        ("do", False),
        ("checks", False),
        ("question", True),
        ("prose", True),
        ("tool", True),
    ]
    assert [action.text for action in step.blocks[2].actions] == ["python3 echo_client.py 10.0.0.4 7"] * 2
    assert [str(check.html) for check in step.checks] == [check.html for check in LAB.steps[1].checks]
    assert len(step.hints) == len(LAB.steps[1].hints)
    assert step.next == LAB.steps[2].title


def test_code_in_a_check_is_code() -> None:
    words = [
        str(check.html) for step in lesson_view(lab_of("09-waiting-room"), REFERENCE).steps for check in step.checks
    ]
    assert "<code>ss</code> shows Recv-Q 3 and Send-Q 2" in words
    assert [text for text in words if "`" in text] == []


def test_a_task_offers_what_it_begins_with() -> None:
    step = lesson_view(LAB, REFERENCE).steps[3]
    (task,) = [block.task for block in step.blocks if block.task is not None]
    assert step.task
    assert task.kind == "modify"
    assert [action.text for action in task.starts] == ["python3 echo_client.py 10.0.0.4 7777"]
    assert task.hosts == tuple(LAB.hosts)
    assert task.example == ""


def test_a_question_brings_what_is_said_to_each_answer() -> None:
    question = lesson_view(LAB, REFERENCE).steps[1].blocks[1].question
    assert question is not None
    assert question.id == "predict-2-0"
    assert [option.label for option in question.options] == ["1", "2", "3", "4"]
    assert [option.right for option in question.options] == [False, False, True, False]
    assert all(option.why for option in question.options)
    assert [belief.number for belief in question.settles] == [3]


def test_a_word_is_a_link_once_in_the_lesson_and_once_in_the_summary() -> None:
    lesson = lesson_view(LAB, REFERENCE)
    text = "".join([*lesson.intro, *(block.html for step in lesson.steps for block in step.blocks)])
    assert text.count('href="/glossary#port"') == 1
    assert "".join(lesson.remember).count('class="term"') > 0


def test_the_hosts_are_known_before_they_are_there() -> None:
    assert [(host.name, host.address) for host in host_choices(LAB)] == [
        ("server", "10.0.0.4"),
        ("client-a", "10.0.0.5"),
        ("client-b", "10.0.0.6"),
    ]
