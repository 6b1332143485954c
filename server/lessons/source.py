"""YAML with the line of every word, and the one shape of an error in a lab: file, line, what is wrong, what to write.

YAML is read by ruamel.yaml (YAML 1.2): ``on:`` is a word and not "true", and an address with colons is a text. It is
composed to nodes and not constructed to values, because a value does not know its line. What its scanner says
of a mistake is translated: authors of labs are no YAML experts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from server.errors import SocketlabError
from server.lessons.keywords import KEYWORDS, Keyword

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a lab.

    Attributes:
        file: The file, from the labs' folder on.
        line: The line, from 1; 0 if it is about the file as a whole.
        what: What is wrong.
        instead: What to write or do instead.
    """

    file: str
    line: int
    what: str
    instead: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what} {self.instead}".rstrip()


class LabError(SocketlabError):
    """A lab cannot be read; ``problem`` says where and why."""

    title = "The lab cannot be read"
    status = 422

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem), problem.instead)
        self.where = problem


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, which can be complained about."""

    file: str
    line: int

    def fail(self, what: str, instead: str) -> NoReturn:
        """Refuse what stands here.

        Raises:
            LabError: Always.
        """
        raise LabError(Problem(self.file, self.line, what, instead))


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a YAML document and where it stands.

    Attributes:
        place: Where it begins.
        value: A scalar, a list of nodes, or a mapping from key to node.
        raw: A scalar as it is written.
        keys: Where each key of a mapping stands.
    """

    place: Place
    value: Scalar | list[Node] | dict[str, Node]
    raw: str
    keys: Mapping[str, Place]

    def fail(self, what: str, instead: str) -> NoReturn:
        """Refuse this value.

        Raises:
            LabError: Always.
        """
        self.place.fail(what, instead)

    def text(self, name: str) -> str:
        """The value as a text that is not empty; a number counts as the text that it is written as."""
        if isinstance(self.value, list | dict):
            self.fail(f"`{name}` must be a text.", f"Write one line: {name}: … (in quotes if it holds ': ' or ' #').")
        text = self.value if isinstance(self.value, str) else self.raw
        if self.value is None or not text.strip():
            self.fail(f"`{name}` is empty.", "Write a text, or take the key out.")
        return text

    def number(self, name: str, low: int, high: int) -> int:
        """The value as a whole number of a range."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= high:
            self.fail(f"`{name}` is {self.shown()}.", f"Write a whole number from {low} to {high}.")
        return self.value

    def flag(self, name: str) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            self.fail(f"`{name}` is {self.shown()}.", "Write true or false.")
        return self.value

    def choice(self, name: str, choices: Iterable[str]) -> str:
        """The value as one of some words."""
        known = list(choices)
        text = self.text(name)
        if text not in known:
            self.fail(f"`{name}` is {text!r}.", suggestion(text, known))
        return text

    def items(self, name: str) -> list[Node]:
        """The value as a list that is not empty."""
        if not isinstance(self.value, list) or not self.value:
            self.fail(f"`{name}` must be a list.", "Begin each of its lines with '- '.")
        return self.value

    def mapping(self, name: str) -> dict[str, Node]:
        """The value as a mapping that is not empty, with any keys."""
        if not isinstance(self.value, dict) or not self.value:
            self.fail(f"`{name}` must be a mapping.", "Write `key: value` pairs, indented below it, or {key: value}.")
        return self.value

    def fields(self, name: str, context: str) -> dict[str, Node]:
        """The value as a mapping whose keys are those of a context of ``KEYWORDS``."""
        table = KEYWORDS[context]
        found = self.mapping(name)
        for key in found:
            if key not in table:
                self.keys[key].fail(f"`{name}` has no key `{key}`.", suggestion(key, table))
        self._missing(name, found, table)
        return found

    def _missing(self, name: str, found: dict[str, Node], table: Mapping[str, Keyword]) -> None:
        for key, keyword in table.items():
            if keyword.required and key not in found:
                self.fail(f"`{name}` lacks the key `{key}`.", f"Add `{key}:`, {keyword.help}.")

    def shown(self) -> str:
        """The value in a message."""
        if isinstance(self.value, list):
            return "a list"
        if isinstance(self.value, dict):
            return "a mapping"
        return "empty" if self.value is None else repr(self.raw)


def read_text(path: Path, file: str) -> str:
    """The text of a file.

    Args:
        path: Where it is.
        file: Its name in messages.

    Raises:
        LabError: It cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        Place(file, line).fail("This line is no UTF-8 text.", "Save the file in the encoding UTF-8.")
    except OSError as error:
        Place(file, 0).fail(f"It cannot be read: {error.strerror}.", "Look at its rights.")


def suggestion(word: str, known: Iterable[str]) -> str:
    """What to write instead of a word that is not known."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Known: {', '.join(words)}."


_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_yaml(text: str, file: str, line: int) -> Node:
    """The nodes of a YAML document.

    Args:
        text: The document.
        file: The file that it stands in, for messages.
        line: The line of the file where it begins, from 1.

    Raises:
        LabError: It is no YAML, has a key twice, or is empty.
    """
    try:
        found = YAML(typ="safe", pure=True).compose(text)  # "rt" reads comments too, in half as much time again
    except MarkedYAMLError as error:
        raise LabError(_explained(error, text, file, line)) from None
    except YAMLError as error:
        raise LabError(Problem(file, line, f"This is no YAML: {error}.", "See docs/labs.md for examples.")) from None
    if found is None:
        Place(file, line).fail("This block is empty.", "Write something into it, or take it out.")
    return _node(found, file, line)


def _node(node: object, file: str, first: int) -> Node:
    if isinstance(node, ScalarNode):
        place = Place(file, first + node.start_mark.line)
        return Node(place, _scalar(node), str(node.value), {})
    if isinstance(node, SequenceNode):
        place = Place(file, first + node.start_mark.line)
        return Node(place, [_node(item, file, first) for item in node.value], "", {})
    assert isinstance(node, MappingNode)
    place = Place(file, first + node.start_mark.line)
    values: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, value in node.value:
        here = Place(file, first + key.start_mark.line)
        if not isinstance(key, ScalarNode):
            here.fail("A key must be a word.", "Put the text in front of the colon into quotes.")
        name = str(key.value)
        if name in keys:
            here.fail(f"`{name}` stands twice here, first in line {keys[name].line}.", "Keep one of the two.")
        keys[name] = here
        values[name] = _node(value, file, first)
    return Node(place, values, "", keys)


def _scalar(node: ScalarNode) -> Scalar:
    """The value of a plain word as YAML 1.2's core schema has it; what is in quotes is a text."""
    text = str(node.value)
    if node.style is not None and node.style != "":
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


_ALIAS = re.compile(r"\*[^\s,}\]]*")


def _explained(error: MarkedYAMLError, text: str, file: str, first: int) -> Problem:
    """What ruamel found, in words for somebody who writes a lab."""
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark is not None else 0
    lines = text.splitlines() or [""]
    written = lines[min(line, len(lines) - 1)]
    said = str(error.problem or error.context or "")
    here = first + min(line, len(lines) - 1)
    alias = _ALIAS.search(written)
    if "alias" in f"{said} {error.context}" and alias and alias.group().endswith('"'):
        return Problem(file, here, "A quotation mark is not closed, here or above.", "Close it where the text ends.")
    if "alias" in f"{said} {error.context}" and alias:
        return Problem(file, here, f"{alias.group()} is YAML for an alias.", f'Write "{alias.group()}" in quotes.')
    if "mapping values are not allowed" in said:
        return Problem(file, here, "There is one ': ' too many in this line.", "Put the text into double quotes.")
    if r"'\t'" in said:
        return Problem(file, here, "A tab stands where YAML wants spaces.", "Indent with spaces.")
    if "cannot start any token" in said:
        sign = said.split("'")[1]
        return Problem(file, here, f"A text cannot begin with {sign}.", "Put it into double quotes.")
    if "quoted scalar" in f"{said} {error.context}":
        return Problem(file, here, "A quotation mark is not closed.", "Close it where the text ends.")
    if error.context is not None and "flow" in str(error.context):
        if error.context_mark is not None:
            here = first + error.context_mark.line
        return Problem(file, here, "A bracket or a comma is missing.", "Close each { with } and each [ with ].")
    if "block end" in said or "indent" in said:
        return Problem(file, here, "This line is indented otherwise than its neighbours.", "Align it with them.")
    return Problem(file, here, f"This is no YAML: {said}.", "See docs/labs.md for examples.")
