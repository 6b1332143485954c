"""What faces each other in a lab run: orders go down to whoever carries them out, reports come up.

An order is given once the events that belong to it are kept. A report says what came of it, or what else has happened;
what it is about is the run's present sandbox. ``Sight`` is what a decision may look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.lessons.model import Action, Lab
from server.lessons.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The run's sandbox as it can be seen now.

    Attributes:
        sandbox: Its id; empty if there is none.
        record: Its log so far.
        names: What the lab calls programs → their pids.
    """

    sandbox: str = ""
    record: Record = field(default_factory=Record)
    names: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        """The last event that was seen."""
        return self.record.seq


# --- orders ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenSandbox:
    """Make a sandbox in place of the present one, and play the steps before ``step`` on it (``through``: it too)."""

    step: int
    through: bool = False


@dataclass(frozen=True, slots=True)
class Perform:
    """Carry out actions of a step, in order; ``shown``: at full speed, without a person who waits.

    ``actions`` are pairs of an index among the step's actions (-1: none of them) and the action.
    """

    step: int
    actions: tuple[tuple[int, Action], ...]
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop carrying out actions."""


@dataclass(frozen=True, slots=True)
class SettleWhenQuiet:
    """Report ``Quiet`` once nothing more happens in the sandbox."""

    step: int


@dataclass(frozen=True, slots=True)
class UseTool:
    """Run a tool's command on a host."""

    step: int
    tool: int
    host: str
    command: str


@dataclass(frozen=True, slots=True)
class CloseSandbox:
    """End the present sandbox."""

    why: str


Order = OpenSandbox | Perform | Stop | SettleWhenQuiet | UseTool | CloseSandbox


# --- reports --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SandboxOpened:
    """There is a sandbox: the one in sight."""


@dataclass(frozen=True, slots=True)
class SandboxRefused:
    """No sandbox could be made."""

    title: str
    detail: str
    hint: str


@dataclass(frozen=True, slots=True)
class StepReplaying:
    """The lab begins to play a step itself; what happens from now on is "since the step began"."""

    step: int


@dataclass(frozen=True, slots=True)
class StepReplayed:
    """The lab has played a step, and nothing more happens."""

    step: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """All steps that were to be played have been; a person's turn."""


@dataclass(frozen=True, slots=True)
class SandboxLost:
    """The sandbox has ended, or cannot be used."""

    why: str


@dataclass(frozen=True, slots=True)
class ServerRestarted:
    """The run was read from where it is kept; its sandbox, if it had one, is gone with the server that made it.

    ``here``: its learner was at it then, and goes on at once; who comes back later is asked first.
    """

    here: bool


@dataclass(frozen=True, slots=True)
class Grown:
    """The sandbox's log has grown; ``after`` is the last event at which the checks were looked at."""

    after: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing more happens."""

    step: int
    after: int


@dataclass(frozen=True, slots=True)
class ActionBegun:
    """An action is being carried out."""

    step: int
    action: int


@dataclass(frozen=True, slots=True)
class ActionEnded:
    """An action was done (``detail`` empty), stopped, or refused (``detail`` says why)."""

    step: int
    action: int
    after: int
    stopped: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool's command runs as ``pid``, or does not (``detail`` says why)."""

    step: int
    tool: int
    pid: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LabChanged:
    """The lab's file was edited."""

    lab: Lab
    edition: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """The learner has deleted what is known of them."""


Report = (
    SandboxOpened
    | SandboxRefused
    | StepReplaying
    | StepReplayed
    | Replayed
    | SandboxLost
    | ServerRestarted
    | Grown
    | Quiet
    | ActionBegun
    | ActionEnded
    | ToolStarted
    | LabChanged
    | Deleted
)
