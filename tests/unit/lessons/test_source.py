from __future__ import annotations

import pytest

from server.lessons.source import LabError, Place, Problem, read_yaml, suggestion


def refused(text: str) -> Problem:
    with pytest.raises(LabError) as caught:
        read_yaml(text, "lab.md", 10)
    return caught.value.where


def test_words_and_numbers_are_as_yaml_1_2_has_them() -> None:
    node = read_yaml('on: server\nyes: no\nport: 7\nloss: 0.5\nrun: true\nnothing:\ntext: "7"\ntime: 12:30\n', "x", 1)
    values = {key: value.value for key, value in node.mapping("x").items()}
    assert values == {
        "on": "server",
        "yes": "no",
        "port": 7,
        "loss": 0.5,
        "run": True,
        "nothing": None,
        "text": "7",
        "time": "12:30",
    }


def test_every_value_knows_its_line() -> None:
    node = read_yaml("a:\n  - b: 1\n    c: {d: 2}\n", "lab.md", 10)
    inner = node.mapping("x")["a"].items("a")[0].mapping("x")
    assert inner["c"].mapping("c")["d"].place == Place("lab.md", 12)
    assert node.keys["a"] == Place("lab.md", 10)


def test_a_refusal_has_file_line_what_and_cure() -> None:
    problem = refused("a: 1\nb: 2\na: 3\n")
    assert problem == Problem("lab.md", 12, "`a` stands twice here, first in line 10.", "Keep one of the two.")
    assert str(problem) == "lab.md:12: `a` stands twice here, first in line 10. Keep one of the two."


@pytest.mark.parametrize(
    ("text", "line", "piece"),
    [
        ("a: *:7\n", 10, "alias"),
        ("a: 1\nb: c: d\n", 11, "one ': ' too many"),
        ("a:\n\tb: 1\n", 11, "tab"),
        ("a: @b\n", 10, "cannot begin with @"),
        ('a: 1\nb: "c\n', 11, "quotation mark"),
        ("a: {b: 1\nc: 2\n", 10, "bracket"),
        ("a:\n  - b\n c: 1\n", 12, "indented"),
        ("", 10, "empty"),
        ("? [a]\n: b\n", 10, "A key must be a word"),
    ],
)
def test_mistakes_are_told_in_plain_words(text: str, line: int, piece: str) -> None:
    problem = refused(text)
    assert piece in problem.what
    assert problem.line == line
    assert problem.instead


def test_kinds_are_checked() -> None:
    node = read_yaml("text: hello\nnumber: 5\nflag: true\nlist: [1]\nempty: ''\n", "lab.md", 1).mapping("x")
    assert node["number"].text("number") == "5"
    assert node["number"].number("number", 1, 5) == 5
    assert node["flag"].flag("flag")
    for kind, key in (
        (lambda n: n.number("x", 1, 4), "number"),
        (lambda n: n.number("x", 0, 1), "flag"),
        (lambda n: n.flag("x"), "text"),
        (lambda n: n.text("x"), "list"),
        (lambda n: n.text("x"), "empty"),
        (lambda n: n.items("x"), "text"),
        (lambda n: n.mapping("x"), "list"),
        (lambda n: n.choice("x", ["hallo"]), "text"),
    ):
        with pytest.raises(LabError):
            kind(node[key])


def test_suggestions() -> None:
    assert suggestion("soket", ["socket", "process"]) == "Did you mean `socket`?"
    assert suggestion("zebra", ["socket", "process"]) == "Known: socket, process."
