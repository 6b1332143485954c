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

from server import commands, events, lab_acts, lab_events
from server.story.rules import RULES

ROOT = Path(__file__).parents[2]


def words_of(union: object) -> dict[str, type[msgspec.Struct]]:
    """Tag → Struct of a closed union."""
    return {str(kind.__struct_config__.tag): kind for kind in typing.get_args(union)}


VOCABULARIES: dict[ModuleType, dict[str, type[msgspec.Struct]]] = {
    events: words_of(events.Event),
    commands: words_of(commands.Command),
    lab_events: words_of(lab_events.LabEvent),
    lab_acts: words_of(lab_acts.Act),
}


# --- how a place says that it knows a word ----------------------------------------------------


def python_branches(text: str, vocabulary: ModuleType) -> set[str]:
    """The tags whose Structs have a `case` that does something, or an `isinstance`; a base stands for what it bears."""
    named: set[str] = set()
    tree = ast.parse(text)
    imported = [name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
    aliases = {name.asname: name.name for name in imported if name.asname is not None}
    for node in ast.walk(tree):
        if isinstance(node, ast.match_case) and not isinstance(node.body[0], ast.Pass):
            patterns = [inner.cls for inner in ast.walk(node.pattern) if isinstance(inner, ast.MatchClass)]
            named |= {name.attr for name in patterns if isinstance(name, ast.Attribute)}
            named |= {aliases.get(name.id, name.id) for name in patterns if isinstance(name, ast.Name)}
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            named |= {inner.attr for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Attribute)}
    kinds = tuple(kind for name in named if isinstance(kind := getattr(vocabulary, name, None), type))
    return {tag for tag, kind in VOCABULARIES[vocabulary].items() if issubclass(kind, kinds)}


def javascript_branches(*functions: str) -> Callable[[str, ModuleType], set[str]]:
    """The tags with a ``case`` that does more than ``break`` in the first ``switch`` of each of some functions."""

    def branches(text: str, _vocabulary: ModuleType) -> set[str]:
        known: set[str] = set()
        for function in functions:
            found = re.search(rf"^(?:export )?function {function}\(.*?^}}", text, re.DOTALL | re.MULTILINE)
            assert found is not None, f"there is no function {function} any more: correct READERS"
            groups = re.findall(r'((?:^ {4}case "[\w.]+":[ {]*\n)+)\s*(\S+)', found[0], re.MULTILINE)
            known |= {tag for cases, then in groups if then != "break;" for tag in re.findall(r'"([\w.]+)"', cases)}
        return known

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
    return set(re.findall(r'"([a-z]+(?:\.[a-z_]+)+)"', text))


def made(text: str, vocabulary: ModuleType) -> set[str]:
    """The words that the modules of a package make; the text is that of its map."""
    package = next(path for path in (ROOT / "server").rglob("__init__.py") if path.read_text() == text).parent
    calls = [
        ast.unparse(node.func).rpartition(".")[2]
        for path in package.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    return {tag for tag, kind in VOCABULARIES[vocabulary].items() if kind.__name__ in calls}


def pressed(text: str, _vocabulary: ModuleType) -> set[str]:
    """The acts that the script of a page sends, and those that the markup names on a button or a form."""
    markup = "".join(path.read_text() for path in sorted((ROOT / "templates").rglob("*.html")))
    return set(re.findall(r'command: "([\w.]+)"', text)) | set(re.findall(r'data-act="([\w.]+)"', markup))


def told(_text: str, _vocabulary: ModuleType) -> set[str]:
    """The events that the rules of beats tell under some condition, or always."""
    return {tag for tag, rules in RULES.items() if rules}


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
NO_STORY = {
    "fd.opened": "the call that made it is told",
    "fd.closed": "the close() or the end of the process is told",
    "moment.pending": "a hold is the person's, and no part of what the kernel did",
    "moment.released": "the call that goes on is told when its thread sleeps, or when it comes back",
    "pace.changed": "it is about how we watch",
    "command.accepted": "what it brings about is told",
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
        Reader("server/story/rules.py", told, NO_STORY),
        Reader("server/story/slots.py", python_branches, NO_STORY),
        Reader("static/js/story/slots.js", javascript_branches("slotsOf"), NO_STORY),
        Reader(
            "server/lessons/record.py",
            python_branches,
            {
                "host.added": "conditions name hosts, which the lab's front matter lists; none asks for them",
                "syscall.blocked": "a call that waits has been entered; no condition asks whether its thread sleeps",
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
        Reader("static/js/log/commands.js", javascript_requests),
        Reader("tests/unit/test_commands.py", quoted),
        Reader("docs/commands.md", headings),
    ],
    lab_events: [
        Reader("server/courses/state.py", python_branches),
        Reader("static/js/log/run_fold.js", javascript_branches("foldRun", "inStep")),
        Reader("static/js/log/lab_protocol.js", quoted),
        Reader("server/courses/__init__.py", made),
        Reader(
            "server/courses/notes.py",
            python_branches,
            {
                "lab.begun": "it takes over what is known already",
                **dict.fromkeys(("lab.act.accepted", "lab.act.refused"), "what an act brings about has its own events"),
                **dict.fromkeys(
                    (
                        "lab.sandbox.opened",
                        "lab.sandbox.refused",
                        "lab.sandbox.lost",
                        "lab.step.replayed",
                        "lab.rebuilt",
                        "lab.edited",
                        "lab.tool.used",
                        "lab.check.changed",
                        "lab.hint.offered",
                        "lab.actions.requested",
                        "lab.action.begun",
                        "lab.action.ended",
                    ),
                    "the run's log has it; a learner's notes say where they are, what they answered and have done",
                ),
                "lab.given_up": "the notes are deleted with the run",
            },
        ),
        Reader("tests/playbooks/lab_run_speaker.py", python_branches),
        Reader("docs/lab_events.md", headings),
    ],
    lab_acts: [
        Reader("server/courses/acts.py", python_branches),
        Reader("static/js/page/lab_acts.js", pressed),
        Reader("tests/unit/test_lab_acts.py", quoted),
        Reader("docs/lab_acts.md", headings),
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
