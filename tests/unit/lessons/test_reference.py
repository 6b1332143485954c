"""Glossary, misconceptions and analogies: our own files hold together, and a mistake has its line and its cure."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from server.folders import folder
from server.lessons.reference import (
    ANALOGIES,
    FILES,
    GLOSSARY,
    MISCONCEPTIONS,
    Analogy,
    Misconception,
    Term,
    glossary_of,
    load_reference,
    place_of,
    read_analogies,
    read_glossary,
    read_misconceptions,
)

LABS = folder("labs")
OURS, PROBLEMS = load_reference(LABS)

TERMS = """\
# Words

This is a note.

## socket

An object in
the *kernel*.

- forms: sockets, a socket
- see: port
- source: socket(2), RFC 9293

## port

A number, as in `:80`.
"""
BELIEFS = """\
## 1. A port is a socket.

It is a number.

## 2. A port belongs to a process.

It belongs to a `socket`.
"""
PICTURES = """\
## Port: a door

### What it shows

A number at a house.

### Where it breaks

Nobody waits *in front* of it.

- name: front door
- misconceptions: 1, 2
"""


class TestOurs:
    def test_they_can_be_read(self) -> None:
        assert [str(problem) for problem in PROBLEMS] == []

    def test_the_glossary_is_written_in_the_order_of_the_alphabet(self) -> None:
        written = re.findall(r"^## (.+)$", (LABS / GLOSSARY).read_text(), re.MULTILINE)
        assert written == [term.word for term in OURS.glossary.terms]

    @pytest.mark.parametrize("term", OURS.glossary.terms, ids=lambda term: term.anchor)
    def test_each_term_has_a_sentence(self, term: Term) -> None:
        assert term.means.endswith(".")

    def test_there_are_eighteen_misconceptions(self) -> None:
        assert list(OURS.misconceptions) == list(range(1, 19))

    @pytest.mark.parametrize("number", OURS.misconceptions)
    def test_each_misconception_says_what_is_true(self, number: int) -> None:
        misconception = OURS.misconceptions[number]
        assert misconception.belief.endswith((".", "?"))
        assert misconception.so.endswith(".")

    @pytest.mark.parametrize("analogy", OURS.analogies, ids=lambda analogy: analogy.anchor)
    def test_each_analogy_helps_and_breaks(self, analogy: Analogy) -> None:
        assert analogy.shows.endswith(".")
        assert len(analogy.breaks) > len("It breaks somewhere.")
        assert analogy.feeds


class TestGlossary:
    def test_its_values(self) -> None:
        glossary, problems = read_glossary(TERMS)
        assert problems == ()
        port = Term("port", "A number, as in <code>:80</code>.")
        socket = Term(
            word="socket",
            means="An object in\nthe <em>kernel</em>.",
            source="socket(2), RFC 9293",
            forms=("sockets", "a socket"),
            see=("port",),
        )
        assert glossary.terms == (port, socket)
        assert glossary.by_form == {"port": port, "socket": socket, "sockets": socket, "a socket": socket}

    def test_the_longest_form_is_found(self) -> None:
        glossary, _ = read_glossary(TERMS)
        assert glossary.pattern.findall("A socket, a Port, a sport and a port-range") == ["A socket", "Port"]

    def test_without_terms_nothing_is_found(self) -> None:
        assert glossary_of(()).pattern.findall("a socket") == []

    @pytest.mark.parametrize(
        ("old", "new", "line", "what", "instead"),
        [
            ("- see: port", "- se: port", 11, "An entry has no key `se`.", "Did you mean `see`?"),
            ("- see: port", "- see: pors", 11, "`see` names 'pors', which has no entry.", "Did you mean `port`?"),
            ("- see: port", "- a wise word", 11, "'a wise word' is no `key: text`.", "Lists hold these keys only"),
            ("- see: port", "- see: ", 11, "'see:' is no `key: text`.", "Lists hold these keys only"),
            ("- see: port", "- forms: x", 11, "`forms` stands twice here, first in line 10.", "Keep one"),
            ("## port", "## Sockets", 14, "'Sockets' belongs to the entry of line 5 too.", "Keep one of the two."),
            ("## port", "## Socket!", 14, "A link to 'Socket!' would lead to another entry too.", "Choose another"),
            ("## port", "## ß", 14, "'ß' has no letter or digit.", "Write the term behind the ##."),
            ("A number, as in `:80`.", "", 14, "Nothing is said below 'port'.", "Write a paragraph."),
            ("A number,", "A number.\n\nSo,", 18, "This is a second paragraph.", "Join the two."),
            ("A number,", "### More\n\nA,", 16, "A term has no headings below its own.", "Write one paragraph."),
            ("A number,", "> A", 16, "An entry has headings, paragraphs and one list", "Write it as a paragraph."),
        ],
    )
    def test_a_mistake_is_told_and_the_others_stay(
        self, old: str, new: str, line: int, what: str, instead: str
    ) -> None:
        glossary, problems = read_glossary(TERMS.replace(old, new))
        assert (problems[0].file, problems[0].line) == ("glossary.md", line)
        assert problems[0].what.startswith(what)
        assert problems[0].instead.startswith(instead)
        assert glossary.terms
        assert {word for term in glossary.terms for word in term.see} <= {term.word for term in glossary.terms}


class TestMisconceptions:
    def test_their_values(self) -> None:
        found, problems = read_misconceptions(BELIEFS)
        assert problems == ()
        assert found == {
            1: Misconception("A port is a socket.", "It is a number."),
            2: Misconception("A port belongs to a process.", "It belongs to a <code>socket</code>."),
        }

    @pytest.mark.parametrize(
        ("old", "new", "line", "what", "numbers"),
        [
            ("## 2. A", "## A", 5, "This entry is not number 2.", [1]),
            ("## 2. A", "## 1. A", 5, "This entry is not number 2.", [1]),
            ("## 2. A", "## 4. A", 5, "This entry is not number 2.", [1, 4]),
            ("It is a number.", "", 1, "Nothing is said below '1. A port is a socket.'.", [1, 2]),
            ("It is a number.", "- source: x", 3, "A misconception has neither a list nor headings", [1, 2]),
        ],
    )
    def test_a_mistake_is_told_and_numbers_stay(
        self, old: str, new: str, line: int, what: str, numbers: list[int]
    ) -> None:
        found, problems = read_misconceptions(BELIEFS.replace(old, new))
        assert (problems[0].file, problems[0].line) == ("misconceptions.md", line)
        assert problems[0].what.startswith(what)
        assert list(found) == numbers


class TestAnalogies:
    def test_their_values(self) -> None:
        found, problems = read_analogies(PICTURES, [1, 2])
        assert problems == ()
        door = Analogy(
            name="front door",
            title="Port: a door",
            shows="A number at a house.",
            breaks="Nobody waits <em>in front</em> of it.",
            feeds=(1, 2),
        )
        assert found == (door,)
        assert door.anchor == "front-door"

    @pytest.mark.parametrize(
        ("old", "new", "line", "what"),
        [
            ("### Where it breaks", "### Where", 1, "This analogy does not have its two parts."),
            ("### What it shows", "Words.\n\n### What it shows", 1, "Something stands above the parts"),
            ("- name: front door\n", "", 7, "This entry lacks the key `name`."),
            ("- name: front door", "- name: ?", 11, "`name` is '?', which makes no link of its own."),
            ("misconceptions: 1, 2", "misconceptions: 1, 3", 12, "There is no misconception 3."),
            ("misconceptions: 1, 2", "misconceptions: one", 12, "`misconceptions` has 'one'."),
            ("A number at a house.", "A.\n\n- name: x", 7, "The list stands in the first part."),
        ],
    )
    def test_a_mistake_is_told(self, old: str, new: str, line: int, what: str) -> None:
        found, problems = read_analogies(PICTURES.replace(old, new), [1, 2])
        assert found == ()
        (problem,) = problems
        assert (problem.file, problem.line) == ("analogies.md", line)
        assert problem.what.startswith(what)
        assert problem.instead


class TestFolders:
    def test_a_file_that_is_not_there_is_the_one_that_came_along(self, tmp_path: Path) -> None:
        assert load_reference(tmp_path) == (OURS, ())
        assert place_of(tmp_path, GLOSSARY) == LABS / GLOSSARY

    def test_its_own_files_are_used(self, tmp_path: Path) -> None:
        for name, text in zip(FILES, (TERMS, BELIEFS, PICTURES), strict=True):
            (tmp_path / name).write_text(text)
        reference, problems = load_reference(tmp_path)
        assert problems == ()
        assert [term.word for term in reference.glossary.terms] == ["port", "socket"]
        assert list(reference.misconceptions) == [1, 2]
        assert [analogy.name for analogy in reference.analogies] == ["front door"]

    def test_analogies_do_not_lead_to_misconceptions_that_they_do_not_mean(self, tmp_path: Path) -> None:
        (tmp_path / MISCONCEPTIONS).write_text(BELIEFS)
        reference, problems = load_reference(tmp_path)
        assert problems == ()
        assert len(reference.analogies) == len(OURS.analogies)
        assert not any(analogy.feeds for analogy in reference.analogies)

    def test_analogies_of_its_own_lead_to_those_that_came_along(self, tmp_path: Path) -> None:
        (tmp_path / ANALOGIES).write_text(PICTURES.replace("1, 2", "16"))
        reference, problems = load_reference(tmp_path)
        assert problems == ()
        assert [analogy.feeds for analogy in reference.analogies] == [(16,)]

    def test_a_file_without_an_entry_shows_none(self, tmp_path: Path) -> None:
        (tmp_path / ANALOGIES).write_text("# None\n")
        reference, problems = load_reference(tmp_path)
        assert (reference.analogies, problems) == ((), ())

    def test_a_file_that_is_no_text_takes_nothing_from_the_others(self, tmp_path: Path) -> None:
        shutil.copy(LABS / MISCONCEPTIONS, tmp_path)
        (tmp_path / GLOSSARY).write_bytes(b"## port\n\n\xff\n")
        reference, problems = load_reference(tmp_path)
        assert [(problem.file, problem.line) for problem in problems] == [("glossary.md", 3)]
        assert reference.glossary.terms == ()
        assert len(reference.misconceptions) == len(OURS.misconceptions)
