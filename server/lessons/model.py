"""What a lab is made of: frozen values, without behaviour.

``loader`` makes them from text, ``checks`` evaluates the conditions, ``play`` carries out the actions, the page
shows the rest. Texts for people are HTML where the name says so (made from Markdown, raw HTML switched off), plain
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.commands import Match
from server.events import Pace
from server.lessons.query import Condition, Quantity, Selection

# --- actions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Start a command on a host.

    Attributes:
        command: The line as the lab has it.
        argv: Its words; with ``program``, the arguments.
        program: A name of the catalogue; empty for any other command.
        folder: Where it starts, inside a sandbox.
        name: What later actions and conditions call it; empty if they do not.
    """

    on: str
    command: str
    argv: tuple[str, ...]
    program: str
    folder: str
    name: str
    credentials: Literal["user", "admin"]
    times: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """Give a program a line of text."""

    text: str
    to: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInput:
    """End a program's standard input: Ctrl+D."""

    to: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Send a program a signal."""

    signal: Literal["TERM", "INT", "KILL", "STOP", "CONT"]
    to: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPace:
    """Go on at another pace."""

    pace: Pace
    pause_ms: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Hold or lose the packets that fit from now on; ``match`` None takes all such rules away."""

    how: Literal["hold", "lose"]
    match: Match | None
    count: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Deliver, drop or duplicate one packet that is on the wire; wait for it first."""

    how: Literal["deliver", "drop", "duplicate"]
    match: Match
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Let one moment go on that fits, waiting for it first; with ``until``, all of them until that holds."""

    moments: Selection
    until: Condition | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWire:
    """Change what the wire does to every packet."""

    delay_ms: int | None = None
    jitter_ms: int | None = None
    loss: float | None = None
    neighbours: bool | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSysctl:
    """Set kernel parameters of a host."""

    on: str
    values: tuple[tuple[str, str], ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait until a condition holds."""

    until: Condition
    line: int = 0


Action = Run | Type | EndInput | Signal | SetPace | Rule | Handle | Release | SetWire | SetSysctl | Wait


# --- blocks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Text between the blocks."""

    html: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note for the speaker: shown in the presenter view only."""

    html: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer.

    Attributes:
        label: The answer, as the lab has it; a measured value is compared with it.
        label_html: The answer, to be shown.
        html: What is said to who chose it: what they may have had in mind, or why it is right.
        right: Whether it is the right one.
    """

    label: str
    label_html: str
    html: str
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """A question before the run.

    Attributes:
        options: The answers. If a number is asked for, those that something is said to; there may be none.
        number: What the number is, such as sockets; empty if an option is to be chosen.
        measure: What the run answers with: a quantity is compared with the labels (or with the number), a condition
            confirms the right option by holding. None: the run does not answer.
        last_stays: Whether the last option, which speaks of the others, is always shown last.
        settles: The misconceptions that it settles.
    """

    question_html: str
    options: tuple[Option, ...]
    last_stays: bool
    number: str
    measure: Quantity | Condition | None
    settles: tuple[int, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """A question after the run: which sentence fits?"""

    question_html: str
    options: tuple[Option, ...]
    last_stays: bool
    settles: tuple[int, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """The actions of a step."""

    actions: tuple[Action, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An open task: ``modify`` what ran, or ``make`` something.

    Attributes:
        start: What the learner gets to change.
        actions: One way to do it.
    """

    kind: Literal["modify", "make"]
    task_html: str
    start: tuple[Action, ...]
    actions: tuple[Action, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A hint that is shown while a condition holds."""

    when: Condition
    html: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition that must hold after the actions.

    Attributes:
        that: What it says, in words (plain text).
        html: The same for a page.
    """

    that: str
    html: str
    condition: Condition
    hints: tuple[Hint, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """The checks of a step."""

    checks: tuple[Check, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """The hints of a step, from where to look to what to compare."""

    html: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The tool view: what to type on one's own machine to see these rows.

    Attributes:
        on: The host where the command would be typed.
        rows: What it is about.
        commands: System (``linux``, ``macos``, ``windows``) → command.
    """

    on: str
    rows: Selection
    commands: Mapping[str, str]
    line: int


Block = Prose | Note | Predict | Do | Task | Expect | Explain | Hints | Table


# --- steps and labs -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A section of a lab.

    Attributes:
        number: Counts from 1.
        anchor: Its name in a link: ``step-2``.
        blocks: What it consists of, in order.
    """

    number: int
    title: str
    blocks: tuple[Block, ...]
    line: int

    @property
    def anchor(self) -> str:
        """The step's name in a link."""
        return f"step-{self.number}"

    @property
    def actions(self) -> tuple[Action, ...]:
        """What the step's ``do``, or the author's way of its task, carries out."""
        return next((block.actions for block in self.blocks if isinstance(block, Do | Task)), ())

    @property
    def task(self) -> Task | None:
        """The open task, if it has one."""
        return next((block for block in self.blocks if isinstance(block, Task)), None)

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks."""
        return tuple(check for block in self.blocks if isinstance(block, Expect) for check in block.checks)

    @property
    def predictions(self) -> tuple[Predict, ...]:
        """All predictions."""
        return tuple(block for block in self.blocks if isinstance(block, Predict))

    @property
    def explanations(self) -> tuple[Explain, ...]:
        """All questions after the run."""
        return tuple(block for block in self.blocks if isinstance(block, Explain))

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints of the step, as HTML, from the first rung on."""
        return next((block.html for block in self.blocks if isinstance(block, Hints)), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A guided lesson.

    Attributes:
        name: Its folder's name: ``03-one-port-many-sockets``.
        language: ``en``, or that of a translation.
        misconceptions: Their numbers.
        hosts: Name → addresses with prefix length.
        open_files: How many files a program may have open; None: as many as the server gives.
        remember: Three sentences, as HTML.
        intro: What stands before the first step.
        files: The programs and other files of its folder.
        shelf: The programs that all labs share.
        translations: Language → the lab in that language.
    """

    name: str
    language: str
    title: str
    question: str
    minutes: int
    misconceptions: tuple[int, ...]
    track: str
    hosts: Mapping[str, tuple[str, ...]]
    pace: Pace
    open_files: int | None
    remember: tuple[str, ...]
    intro: tuple[Block, ...]
    steps: tuple[Step, ...]
    files: tuple[str, ...]
    shelf: tuple[str, ...]
    translations: Mapping[str, Lab]

    @property
    def folder(self) -> str:
        """Where its folder stands inside a sandbox."""
        return f"/labs/{self.name}"
