"""A new event or command cannot be forgotten: every place that reads one vocabulary has a branch for each of its words.

``READERS`` lists the places. What one of them passes over on purpose stands there with the reason; whatever else has no
branch of its own makes the test fail, with the file to edit.
"""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from server import commands, events

ROOT = Path(__file__).parents[2]


def words_of(union: object) -> dict[str, type[msgspec.Struct]]:
    """Tag → Struct of a closed union."""
    return {str(kind.__struct_config__.tag): kind for kind in typing.get_args(union)}


VOCABULARIES: dict[ModuleType, dict[str, type[msgspec.Struct]]] = {
    events: words_of(events.Event),
    commands: words_of(commands.Command),
}


# --- how a place says that it knows a word ----------------------------------------------------


def python_branches(text: str, vocabulary: ModuleType) -> set[str]:
    """The tags whose Structs have a `case` that does something, or an `isinstance`; a base stands for what it bears."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.match_case) and not isinstance(node.body[0], ast.Pass):
            patterns = [inner.cls for inner in ast.walk(node.pattern) if isinstance(inner, ast.MatchClass)]
            named |= {name.attr for name in patterns if isinstance(name, ast.Attribute)}
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            named |= {inner.attr for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Attribute)}
    kinds = tuple(kind for name in named if isinstance(kind := getattr(vocabulary, name, None), type))
    return {tag for tag, kind in VOCABULARIES[vocabulary].items() if issubclass(kind, kinds)}


def javascript_branches(function: str) -> Callable[[str, ModuleType], set[str]]:
    """The tags with a ``case`` that does more than ``break`` in the first ``switch`` of a function."""

    def branches(text: str, _vocabulary: ModuleType) -> set[str]:
        found = re.search(rf"^export function {function}\(.*?^}}", text, re.DOTALL | re.MULTILINE)
        assert found is not None, f"there is no function {function} any more: correct READERS"
        groups = re.findall(r'((?:^ {4}case "[\w.]+":[ {]*\n)+)\s*(\S+)', found[0], re.MULTILINE)
        return {tag for cases, then in groups if then != "break;" for tag in re.findall(r'"([\w.]+)"', cases)}

    return branches


def javascript_requests(text: str, _vocabulary: ModuleType) -> set[str]:
    """The commands that a sender writes out, or puts together of a family and one of the words in its type."""
    whole = set(re.findall(r'command: "([\w.]+)"', text))
    made = re.findall(r'@param \{((?:"\w+"(?: \| )?)+)\}.*?\*/\s*\w+\([^)]*\) \{[^}]*command: `(\w+)\.\$', text)
    return whole | {f"{family}.{word}" for words, family in made for word in re.findall(r'"(\w+)"', words)}


def headings(text: str, _vocabulary: ModuleType) -> set[str]:
    """The words with a heading of their own in a page of the docs."""
    return set(re.findall(r"^## (\S+)$", text, re.MULTILINE))


def quoted(text: str, _vocabulary: ModuleType) -> set[str]:
    """The words that a test or a type writes in quotes."""
    return set(re.findall(r'"([a-z]+\.[a-z]+)"', text))


# --- the places -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """A place that must know every word.

    Attributes:
        path: The file to edit when a word is missing.
        knows: The file's text and the vocabulary in, the words with a branch out.
        passes_over: Word → why it has none here.
    """

    path: str
    knows: Callable[[str, ModuleType], set[str]]
    passes_over: Mapping[str, str] = field(default_factory=dict)


NO_STATE = {
    "process.output": "what a program printed is read from the log; a state with all of it would only grow",
    "command.accepted": "what a command brings about has events of its own",
    "command.refused": "a refused command changes nothing",
    "observation.lost": "it says what the log does not hold; nothing that is there is different",
}
READERS: dict[ModuleType, list[Reader]] = {
    events: [
        Reader("server/state.py", python_branches, NO_STATE),
        Reader("static/js/log/fold.js", javascript_branches("fold"), NO_STATE),
        Reader("static/js/log/protocol.js", quoted),
        Reader(
            "static/js/words/narration.js",
            javascript_branches("narrate"),
            {
                "host.added": "a host is there from the beginning, or the person who adds one has said so",
                "process.executed": "the start of the process was told; its card has the new name",
                "fd.opened": "the return of the call that made it says its number",
                "fd.closed": "the close() or the end of the process is told",
                "moment.pending": "what waits is said by waitingWords() for as long as it waits",
                "moment.released": "the call or the packet that goes on is told",
                "command.accepted": "what it brings about is told",
            },
        ),
        Reader("static/js/words/summary.js", javascript_branches("summary")),
        Reader(
            "static/js/words/relations.js",
            javascript_branches("subjects"),
            {
                "pace.changed": "it is about the whole sandbox, which has no shape",
                "wire.changed": "it is about every packet to come",
                "command.accepted": "what it brings about has its shapes",
                "command.refused": "nothing came of it",
                "sandbox.closed": "it is about the whole sandbox, which has no shape",
            },
        ),
        Reader(
            "server/cli/timeline.py",
            python_branches,
            {
                "moment.released": "the call or the packet that goes on has its line",
                "command.accepted": "what it brings about has its lines",
            },
        ),
        Reader(
            "server/lessons/record.py",
            python_branches,
            {
                "host.added": "conditions name hosts, which the lab's front matter lists; none asks for them",
                "socket.vanished": "a condition asks what is there or ever was; the fold has taken the row out",
                "fd.closed": "a condition asks what is there or ever was; the fold has taken the number out",
                "moment.released": "a condition asks what is there or ever was; the fold has taken the moment out",
                "pace.changed": "the pace is the learner's; no check may depend on it",
                "wire.changed": "a check asks what became of packets",
                "command.accepted": "a check asks what the kernel did, not what was pressed",
                "command.refused": "a check asks what the kernel did, not what was pressed",
                "observation.lost": "what nobody saw fulfils no condition",
                "sandbox.closed": "nothing is checked after the end",
            },
        ),
        Reader("docs/events.md", headings),
    ],
    commands: [
        Reader("server/sandbox/door.py", python_branches),
        Reader(
            "static/js/log/commands.js",
            javascript_requests,
            {
                "sysctl.set": "labs and the API set kernel parameters; the page has no control for them",
                "host.add": "labs and the API add hosts; the page has no control for it",
            },
        ),
        Reader("tests/unit/test_commands.py", quoted),
        Reader("docs/commands.md", headings),
    ],
}
PLACES = [(vocabulary, reader) for vocabulary, readers in READERS.items() for reader in readers]


@pytest.mark.parametrize(("vocabulary", "reader"), PLACES, ids=[reader.path for _, reader in PLACES])
def test_no_word_is_forgotten(vocabulary: ModuleType, reader: Reader) -> None:
    words = set(VOCABULARIES[vocabulary])
    known = reader.knows((ROOT / reader.path).read_text(), vocabulary) & words
    forgotten = words - known - set(reader.passes_over)
    assert not forgotten, f"{reader.path} has no branch for {', '.join(sorted(forgotten))} and no reason for that here"


@pytest.mark.parametrize(("vocabulary", "reader"), PLACES, ids=[reader.path for _, reader in PLACES])
def test_no_reason_is_out_of_date(vocabulary: ModuleType, reader: Reader) -> None:
    known = reader.knows((ROOT / reader.path).read_text(), vocabulary)
    assert set(reader.passes_over) <= set(VOCABULARIES[vocabulary]) - known
