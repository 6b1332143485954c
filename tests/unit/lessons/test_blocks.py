from __future__ import annotations

import pytest

from server.lessons.actions import Bench
from server.lessons.blocks import Workshop, read_block
from server.lessons.conditions import Scope
from server.lessons.markdown import inline
from server.lessons.model import Block, Expect, Explain, Hints, Predict, Table, Task
from server.lessons.query import Quantity, Rows
from server.lessons.source import LabError, read_yaml

HOSTS = {"server": ("10.0.0.4/24",)}


def work() -> Workshop:
    scope = Scope(hosts=tuple(HOSTS), names={"server": 1})
    return Workshop(
        Bench(scope=scope, hosts=HOSTS, folder="/labs/x", files=(), shelf=(), elsewhere=()), inline, range(1, 17)
    )


def block(kind: str, text: str, at: Workshop | None = None) -> Block:
    return read_block(kind, read_yaml(text, "lab.md", 1), at or work())


def test_a_prediction_with_options() -> None:
    predict = block(
        "predict",
        "question: How *many*?\noptions:\n  - 1: One.\n  - 2: {right: Two, by `count`.}\n"
        "measure: {count: {socket: {}}}\nsettles: [3, 1]\n".replace("Two, by", "Two by"),
    )
    assert isinstance(predict, Predict)
    assert predict.question_html == "How <em>many</em>?"
    assert [(option.label, option.html, option.right) for option in predict.options] == [
        ("1", "One.", False),
        ("2", "Two by <code>count</code>.", True),
    ]
    assert isinstance(predict.measure, Quantity)
    assert predict.settles == (3, 1)


def test_a_prediction_of_a_number() -> None:
    predict = block("predict", "question: Q\nnumber: sockets\nmeasure: {count: {socket: {}}}\n")
    assert isinstance(predict, Predict)
    assert (predict.number, predict.options) == ("sockets", ())


def test_something_is_said_to_numbers() -> None:
    text = "question: Q\nnumber: sockets\noptions:\n  - 1: Few.\n  - 2: right\nmeasure: {count: {socket: {}}}\n"
    predict = block("predict", text)
    assert isinstance(predict, Predict)
    assert (predict.number, [option.label for option in predict.options]) == ("sockets", ["1", "2"])


def test_an_explanation() -> None:
    explain = block("explain", "question: Why?\noptions:\n  - Because: right\n  - So: No.\nsettles: 7\n")
    assert isinstance(explain, Explain)
    assert [(option.label, option.right) for option in explain.options] == [("Because", True), ("So", False)]
    assert explain.settles == (7,)


def test_an_option_that_speaks_of_the_others_stays_last() -> None:
    text = "question: Why?\noptions:\n  - Because: right\n  - Both: No.\n"
    assert not block("explain", text).last_stays  # type: ignore[union-attr]
    for kind in ("explain", "predict"):
        assert block(kind, "keep: last\n" + text).last_stays  # type: ignore[union-attr]
    with pytest.raises(LabError, match="`keep` is 'first'"):
        block("explain", "keep: first\n" + text)


def test_a_task_hides_the_names_of_its_solution() -> None:
    at = work()
    task = block(
        "modify",
        "task: Do *it*.\nstart:\n  - {on: server, run: sleep 1, as: mine}\n"
        "do:\n  - {on: server, run: sleep 2, as: mine}\n  - {signal: KILL, to: mine}\n",
        at,
    )
    assert isinstance(task, Task)
    assert (task.kind, task.task_html, len(task.start), len(task.actions)) == ("modify", "Do <em>it</em>.", 1, 2)
    assert "mine" in at.bench.scope.hidden
    with pytest.raises(LabError, match="only the author's name"):
        block("expect", "- process: {process: mine}", at)


def test_checks_with_words_and_hints() -> None:
    expect = block(
        "expect",
        "- that: It listens\n  socket: {state: LISTEN}\n  hint:\n    - {when: {count: 0}, say: Look *there*.}\n"
        "    - {when: {call: {error: EACCES}}, say: No right.}\n- socket: {state: CLOSED}\n",
    )
    assert isinstance(expect, Expect)
    first, second = expect.checks
    assert (first.that, second.that) == ("It listens", "1 or more sockets with state CLOSED")
    assert [hint.html for hint in first.hints] == ["Look <em>there</em>.", "No right."]
    assert isinstance(first.hints[0].when, Rows)
    assert (first.line, second.line) == (1, 6)


def test_hints_and_tables() -> None:
    hints = block("hints", "- Look at `ss`.\n- Compare.\n")
    table = block("table", "on: server\nrows: {socket: {state: LISTEN}}\nlinux: ss -ltn\nwindows: netstat -an\n")
    assert isinstance(hints, Hints)
    assert isinstance(table, Table)
    assert hints.html == ("Look at <code>ss</code>.", "Compare.")
    assert table.commands == {"linux": "ss -ltn", "windows": "netstat -an"}


TWO = "options:\n  - a: right\n  - b: No.\n"


@pytest.mark.parametrize(
    ("kind", "text", "what"),
    [
        ("predict", "question: Q\n", "has no `options`"),
        ("predict", f"question: Q\nnumber: n\n{TWO}measure: {{count: {{socket: {{}}}}}}\n", "is no number"),
        ("predict", "question: Q\nnumber: n\n", "Only a run can answer"),
        ("predict", "question: Q\nnumber: n\nmeasure: {socket: {}}\n", "Only a run can answer"),
        ("predict", TWO, "lacks the key `question`"),
        ("explain", "question: Q\noptions:\n  - a: right\n", "There are 1 options"),
        ("explain", "question: Q\noptions:\n  - a: right\n  - a: No.\n", "'a' stands here twice"),
        ("explain", "question: Q\noptions:\n  - a: Yes.\n  - b: No.\n", "No options are marked right"),
        ("explain", "question: Q\noptions:\n  - {a: right, b: No.}\n  - c: No.\n", "must have one answer"),
        ("explain", "question: Q\noptions:\n  - a: {wrong: x}\n  - c: right\n", "has no key `wrong`"),
        ("explain", f"question: Q\n{TWO}settles: 0\n", "`settles` is '0'"),
        ("explain", f"question: Q\n{TWO}settles: [3, 3]\n", "`settles` has 3 twice"),
        (
            "modify",
            "task: T\ndo:\n  - {on: server, run: ls}\nstart:\n  - {on: server, run: ls}\n",
            "the solution already",
        ),
        ("make", "task: T\nstart: []\ndo:\n  - {on: server, run: ls}\n", "has no key `start`"),
        ("make", "task: T\n", "lacks the key `do`"),
        ("hints", "- a\n- b\n- c\n- d\n", "at most 3 hints"),
        ("hints", "- ''\n", "is empty"),
        ("table", "on: nobody\nrows: {socket: {}}\nlinux: ss\n", "`on` is 'nobody'"),
        ("table", "on: server\nrows: {socket: {}}\n", "lacks the key `linux`"),
        ("expect", "- that: Only words\n", "says nothing to look at"),
        ("expect", "- socket: {}\n  hint: {say: x}\n", "lacks the key `when`"),
        ("do", "run: x\n", "must be a list"),
    ],
)
def test_what_is_refused(kind: str, text: str, what: str) -> None:
    with pytest.raises(LabError) as caught:
        block(kind, text)
    assert what in caught.value.where.what
