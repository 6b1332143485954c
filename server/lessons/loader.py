"""From a folder of labs to values: Markdown and YAML in, labs and problems out.

A lab that cannot be read becomes problems, each with file and line, and the others load all the same. Each block is
read by itself, so that one look at a lab shows the mistakes of all its blocks; what connects blocks (names that are
never given, files that nobody uses) is looked at once the blocks are right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface
from pathlib import Path

from server.commands import FOLDER_NAME
from server.events import Pace
from server.folders import folder
from server.lessons.actions import Bench, read_pace
from server.lessons.blocks import Workshop, read_block, read_settled
from server.lessons.conditions import Scope
from server.lessons.keywords import TRACKS
from server.lessons.markdown import Part, Section, inline, sections
from server.lessons.model import Block, Do, Expect, Explain, Hints, Lab, Note, Predict, Prose, Step, Task
from server.lessons.reference import Reference, load_reference
from server.lessons.source import LabError, Node, Place, Problem, read_text, read_yaml
from server.lessons.translation import differences

FORMAT = 1
SHELF = "programs"
"""The folder beside the labs whose programs all labs share."""
DEFAULT_HOSTS: Mapping[str, tuple[str, ...]] = {
    "server": ("10.0.0.4/24",),
    "client-a": ("10.0.0.5/24",),
    "client-b": ("10.0.0.6/24",),
}
MOST_HOSTS = 8
MOST_OPEN_FILES = 20_000
ACTING = ("do", "modify", "make")
"""The blocks that carry something out."""
REMEMBERED = 3

_HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NUMBERED = re.compile(r"\d\d-")
_TRANSLATION = re.compile(r"lab\.([a-z]{2})\.md")
_IGNORED = frozenset({"__pycache__", ".DS_Store", "Thumbs.db"})


@dataclass(frozen=True, slots=True)
class Library:
    """All labs of a folder.

    Attributes:
        labs: Name → lab, in the order of the names.
        reference: The glossary, the misconceptions and the analogies.
        problems: What is wrong with the other labs, and with the files of the reference.
    """

    labs: Mapping[str, Lab]
    reference: Reference
    problems: tuple[Problem, ...]


def load(root: Path) -> Library:
    """Read every lab of a folder, and what stands beside them.

    Args:
        root: The folder; each folder in it that holds a ``lab.md`` is a lab.
    """
    labs: dict[str, Lab] = {}
    reference, found = load_reference(root)
    problems = list(found)
    for place in sorted(root.iterdir()):
        if not place.is_dir() or place.name in (SHELF, *_IGNORED) or place.name.startswith("."):
            continue
        if (place / "lab.md").is_file():
            lab, found = load_lab(place, reference.misconceptions)
            problems += found
            if lab is not None:
                labs[place.name] = lab
        elif _NUMBERED.match(place.name):
            problems.append(Problem(place.name, 0, "This folder has no lab.md.", "Write one, or rename the folder."))
    return Library(labs, reference, tuple(problems))


def load_lab(place: Path, known: Collection[int] | None = None) -> tuple[Lab | None, tuple[Problem, ...]]:
    """Read one lab with its translations.

    Args:
        place: Its folder.
        known: The numbers of the misconceptions that it may settle; None: those of the folder it is in.

    Returns:
        The lab and no problem, or no lab and its problems.
    """
    if not FOLDER_NAME.fullmatch(place.name):
        problem = Problem(place.name, 0, "The folder's name has a sign that it cannot have.", "Use a-z, 0-9 and -.")
        return None, (problem,)
    files = _files(place)
    if known is None:
        known = load_reference(place.parent)[0].misconceptions
    lab, problems = _Reading(place, "lab.md", files, known).lab()
    if lab is None:
        return None, problems
    translations: dict[str, Lab] = {}
    for name in sorted(entry.name for entry in place.iterdir()):
        language = _TRANSLATION.fullmatch(name)
        if language is None:
            continue
        translated, found = _Reading(place, name, files, known, language[1]).lab()
        problems += found
        if translated is not None:
            problems += differences(lab, translated, f"{place.name}/{name}")
            translations[language[1]] = translated
    return (None, problems) if problems else (replace(lab, translations=translations), ())


def stamp(place: Path) -> str:
    """Something that changes when a file of a lab's folder is edited, added or removed."""
    found = sorted((str(path.relative_to(place)), path.stat()) for path in place.rglob("*") if path.is_file())
    return "\n".join(f"{name} {stat.st_mtime_ns} {stat.st_size}" for name, stat in found)


def shelf_of(root: Path) -> Path:
    """The folder of the programs that the labs of a folder share: its own, or else the one that came along."""
    own = root / SHELF
    return own if own.is_dir() else folder("labs") / SHELF


def _files(place: Path) -> tuple[str, ...]:
    """The programs and other files of a lab, as its commands name them."""
    found = []
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        hidden = any(part in _IGNORED or part.startswith(".") for part in name.parts)
        if path.is_file() and not hidden and not (name.name == "lab.md" or _TRANSLATION.fullmatch(str(name))):
            found.append(str(name))
    return tuple(found)


@dataclass(slots=True)
class _Head:
    """The front matter, read."""

    title: str
    question: str
    minutes: int
    misconceptions: tuple[int, ...]
    track: str
    hosts: Mapping[str, tuple[str, ...]]
    elsewhere: tuple[str, ...]
    pace: Pace
    open_files: int | None
    remember: tuple[str, ...]
    lines: Mapping[str, int]


@dataclass(slots=True)
class _Reading:
    """One file of a lab, being read."""

    place: Path
    name: str
    files: tuple[str, ...]
    known: Collection[int]
    language: str = "en"
    problems: list[Problem] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The file's name in messages."""
        return f"{self.place.name}/{self.name}"

    def lab(self) -> tuple[Lab | None, tuple[Problem, ...]]:
        """Read it."""
        lab: Lab | None = None
        try:
            lab = self._lab(read_text(self.place / self.name, self.file))
        except LabError as error:
            self.problems.append(error.where)
        return (None if self.problems else lab), tuple(self.problems)

    def _lab(self, text: str) -> Lab | None:
        head_part, found = sections(text, self.file)
        head = self._head(head_part)
        shelf = shelf_of(self.place.parent)
        scope = Scope(hosts=tuple(head.hosts))
        bench = Bench(
            scope=scope,
            hosts=head.hosts,
            folder=f"/labs/{self.place.name}",
            files=self.files,
            shelf=_files(shelf) if shelf.is_dir() else (),
            elsewhere=head.elsewhere,
        )
        work = Workshop(bench, inline, self.known)
        intro: tuple[Block, ...] = ()
        steps: list[Step] = []
        for section in found:
            blocks = self._blocks(section, work)
            if section.title:
                steps.append(Step(number=len(steps) + 1, title=section.title, blocks=blocks, line=section.line))
            else:
                intro = blocks
                self._only_prose(blocks)
        if self.problems:
            return None
        for step in steps:
            self._check_step(step)
        if not steps:
            self._problem(0, "The lab has no step.", "Begin each step with a heading: ## Start the server")
        self._check_settled(head, steps)
        self._check_used(bench)
        return Lab(
            name=self.place.name,
            language=self.language,
            title=head.title,
            question=head.question,
            minutes=head.minutes,
            misconceptions=head.misconceptions,
            track=head.track,
            hosts=head.hosts,
            pace=head.pace,
            open_files=head.open_files,
            remember=head.remember,
            intro=intro,
            steps=tuple(steps),
            files=self.files,
            shelf=bench.shelf,
            translations={},
        )

    # -- parts

    def _head(self, part: Part) -> _Head:
        node = read_yaml(part.text, self.file, part.line)
        found = node.fields("the front matter", "front matter")
        found["format"].number("format", FORMAT, FORMAT)
        remember = found["remember"].items("remember")
        if len(remember) != REMEMBERED:
            found["remember"].fail(f"`remember` has {len(remember)} sentences.", f"Write {REMEMBERED}.")
        numbers = found.get("misconceptions")
        return _Head(
            title=found["title"].text("title"),
            question=found["question"].text("question"),
            minutes=found["minutes"].number("minutes", 1, 60),
            misconceptions=read_settled(numbers, "misconceptions", self.known) if numbers is not None else (),
            track=found["track"].choice("track", TRACKS) if "track" in found else "",
            hosts=_hosts(found["hosts"]),
            elsewhere=_texts(found["elsewhere"], "elsewhere") if "elsewhere" in found else (),
            pace=read_pace(found["pace"]) if "pace" in found else "live",
            open_files=found["open_files"].number("open_files", 16, MOST_OPEN_FILES) if "open_files" in found else None,
            remember=tuple(inline(item.text("remember")) for item in remember),
            lines={key: place.line for key, place in node.keys.items()},
        )

    def _blocks(self, section: Section, work: Workshop) -> tuple[Block, ...]:
        """The blocks of a section in their order; its actions are read first, because they give names to programs."""
        first = sorted(range(len(section.parts)), key=lambda index: section.parts[index].kind not in ACTING)
        found = {index: self._block(section.parts[index], work) for index in first}
        return tuple(block for index in range(len(section.parts)) if (block := found[index]) is not None)

    def _block(self, part: Part, work: Workshop) -> Block | None:
        if part.kind == "prose":
            return Prose(html=part.text, line=part.line)
        if part.kind == "note":
            return Note(html=part.text, line=part.line)
        try:
            return read_block(part.kind, read_yaml(part.text, self.file, part.line), work)
        except LabError as error:
            self.problems.append(error.where)
            return None

    def _problem(self, line: int, what: str, instead: str) -> None:
        self.problems.append(Problem(self.file, line, what, instead))

    def _only_prose(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if not isinstance(block, Prose | Note):
                self._problem(block.line, "A block stands before the first step.", "Put a heading above it: ## Title")

    def _check_step(self, step: Step) -> None:
        """What a step must have, and in which order."""
        acts = [block for block in step.blocks if isinstance(block, Do | Task)]
        expects = [block for block in step.blocks if isinstance(block, Expect)]
        for kind, those in (("do, modify or make", acts), ("expect", expects)):
            if len(those) > 1:
                self._problem(those[1].line, f"This step has two blocks {kind}.", "Make two steps of it.")
                return
        if sum(isinstance(block, Hints) for block in step.blocks) > 1:
            second = [block for block in step.blocks if isinstance(block, Hints)][1]
            self._problem(second.line, "This step has two blocks hints.", "Join them: up to three hints.")
        if acts and not expects:
            self._problem(acts[0].line, "Nothing checks what this step does.", "Add an `expect` block below.")
        if expects and not acts:
            self._problem(expects[0].line, "Nothing in this step makes its checks pass.", "Add a `do` block above.")
        if acts and expects and step.blocks.index(expects[0]) < step.blocks.index(acts[0]):
            self._problem(expects[0].line, "The checks stand above the actions.", "Put `expect` below them.")
        for block in step.blocks:
            if isinstance(block, Predict) and acts and step.blocks.index(block) > step.blocks.index(acts[0]):
                self._problem(block.line, "The prediction stands below the run.", "Put `predict` above the actions.")
            if isinstance(block, Predict) and block.measure is not None and not acts:
                self._problem(block.line, "Nothing runs in this step that could be measured.", "Add a `do` block.")
            if isinstance(block, Explain) and acts and step.blocks.index(block) < step.blocks.index(acts[0]):
                self._problem(block.line, "The explanation stands above the run.", "Put `explain` below the actions.")

    def _check_settled(self, head: _Head, steps: Iterable[Step]) -> None:
        """Every misconception that the lab announces is settled by a question, and no other."""
        settled: dict[int, int] = {}
        for step in steps:
            for block in step.blocks:
                if isinstance(block, Predict | Explain):
                    settled |= dict.fromkeys(block.settles, block.line)
        for number in head.misconceptions:
            if number not in settled:
                line = head.lines["misconceptions"]
                self._problem(line, f"No question settles misconception {number}.", f"Add `settles: {number}` to one.")
        for number, line in settled.items():
            if number not in head.misconceptions:
                self._problem(line, f"The front matter does not list misconception {number}.", "Add it there.")

    def _check_used(self, bench: Bench) -> None:
        """Every file of the folder is named by a command, or by a file that is."""
        used = bench.used & set(self.files)
        waiting = list(used)
        while waiting:
            text = (self.place / waiting.pop()).read_text(encoding="utf-8", errors="replace")
            for name in self.files:
                stem = re.escape(Path(name).stem)
                if name not in used and re.search(rf"\b(?:import|from)\s+{stem}\b|{re.escape(Path(name).name)}", text):
                    used.add(name)
                    waiting.append(name)
        for name in self.files:
            if name not in used:
                what = f"No command of {self.name} uses this file."
                self.problems.append(Problem(f"{self.place.name}/{name}", 0, what, "Use it, or delete it."))


def _texts(node: Node, name: str) -> tuple[str, ...]:
    return tuple(item.text(name) for item in node.items(name))


def _hosts(node: Node) -> Mapping[str, tuple[str, ...]]:
    if node.raw == "default":
        return DEFAULT_HOSTS
    if not isinstance(node.value, dict):
        node.fail("`hosts` is neither `default` nor a mapping.", "Write `default`, or {server: 10.0.0.4/24, …}.")
    found = node.mapping("hosts")
    if len(found) > MOST_HOSTS:
        node.fail(f"There are {len(found)} hosts.", f"A sandbox has at most {MOST_HOSTS}.")
    hosts: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for name, value in found.items():
        if not _HOST_NAME.fullmatch(name):
            node.keys[name].fail(f"{name!r} is no name for a host.", "Use small letters, digits and -: client-a.")
        texts = _texts(value, name) if isinstance(value.value, list) else (value.text(name),)
        for text in texts:
            address = _interface(text, value.place)
            if address in taken:
                value.fail(f"{taken[address]} has the address {address} already.", "Give each host its own.")
            taken[address] = name
        hosts[name] = texts
    return hosts


def _interface(text: str, place: Place) -> str:
    try:
        interface = ip_interface(text)
    except ValueError:
        place.fail(f"{text!r} is no address.", "Write the address and its prefix length: 10.0.0.4/24")
    if "/" not in text:
        place.fail(f"The address {text} has no prefix length.", f"Write {text}/{24 if interface.version == 4 else 64}.")
    return str(interface.ip)
