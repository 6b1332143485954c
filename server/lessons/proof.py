"""Proves a lab: plays it on a real sandbox and says what is not as it claims.

For each step: no check passes before its actions, every check passes after them and still does when nothing more
happens, and the run answers every measured prediction as the lab says. At the end the commands of the tool views
run on their hosts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from server.commands import PaceSet, ProcessStart
from server.errors import GoneError, SocketlabError
from server.lessons.checks import Verdict, evaluate, rows_of
from server.lessons.model import Lab, Predict, Step, Table
from server.lessons.play import Player, WaitedInVainError
from server.lessons.query import Quantity
from server.lessons.source import Problem
from server.state import has_exited

_NOT_INSTALLED = 127
_NOTHING_FOUND = 1


async def prove(player: Player, between: Callable[[], Awaitable[None]] | None = None) -> list[Problem]:
    """Play a lab from its first step to its last.

    Args:
        player: A fresh player, driven, on a fresh sandbox with the lab's hosts.
        between: Awaited between two steps, as somebody reads there while the kernel ages.

    Returns:
        What is not as the lab claims; nothing if it is.

    Raises:
        GoneError: The sandbox has ended, through no fault of the lab.
    """
    problems: list[Problem] = []
    await player.open()
    for step in player.lab.steps:
        if between is not None and step is not player.lab.steps[0]:
            await between()
        if not step.actions:
            continue
        found = await _prove_step(player, step)
        problems += found
        if any(problem.what.startswith(_FATAL) for problem in found):
            return problems
    return problems + await _prove_tables(player)


_FATAL = ("This action", "This check")
"""After such a problem the next steps would only repeat it."""


async def _prove_step(player: Player, step: Step) -> list[Problem]:
    await player.begin(step)
    problems = list(_true_before(player, step))
    for action in step.actions:
        try:
            await player.perform(action, step)
        except GoneError:
            raise
        except SocketlabError as error:
            return [*problems, _at(player.lab, action.line, f"This action failed: {error.detail}", error.hint)]
    try:
        await player.until(lambda: all(verdict.holds for verdict in player.verdicts(step)), "the checks")
    except WaitedInVainError:
        return problems + list(_never_true(player, step))
    await player.settle()
    problems += _no_longer_true(player, step)
    for predict in step.predictions:
        problems += _unlike(player, predict, step)
    for block in step.blocks:
        if isinstance(block, Table) and not rows_of(block.rows, player.scene(step)):
            what = "No row is there that this tool view is about."
            problems.append(_at(player.lab, block.line, what, "Correct `rows`."))
    return problems


def _at(lab: Lab, line: int, what: str, instead: str) -> Problem:
    return Problem(f"{lab.name}/lab.md", line, what, instead)


def _true_before(player: Player, step: Step) -> Iterator[Problem]:
    for check, verdict in zip(step.checks, player.verdicts(step), strict=True):
        if verdict.holds:
            what = f"The check “{check.that}” is true before the actions of its step."
            yield _at(player.lab, check.line, what, "Ask for something that only they bring about.")
    for predict in step.predictions:
        measure = predict.measure
        if measure is not None and not isinstance(measure, Quantity) and evaluate(measure, player.scene(step)).holds:
            what = "The condition in `measure` is true before the actions of its step."
            yield _at(player.lab, predict.line, what, "Ask for something that only they bring about.")


def _never_true(player: Player, step: Step) -> Iterator[Problem]:
    for check, verdict in zip(step.checks, player.verdicts(step), strict=True):
        if not verdict.holds:
            yield _at(player.lab, check.line, f"This check never passes: “{check.that}”.", _so_far(verdict))


def _no_longer_true(player: Player, step: Step) -> Iterator[Problem]:
    for check, verdict in zip(step.checks, player.verdicts(step), strict=True):
        if not verdict.holds:
            what = f"The check “{check.that}” was true and is not any more."
            yield _at(player.lab, check.line, what, "Ask with `ever`, or for something that stays.")


def _so_far(verdict: Verdict) -> str:
    if verdict.count is not None:
        return f"{verdict.count} fit in the end."
    return f"In the end there was: {[dict(row.fields) for row in verdict.rows[:3]]}"


def _unlike(player: Player, predict: Predict, step: Step) -> Iterator[Problem]:
    if predict.measure is None:
        return
    measured = player.measured(predict, step)
    right = next((option.label for option in predict.options if option.right), None)
    if measured.value is None:
        what = "The run gives no answer to this prediction: no row fits, or rows that do not agree."
        yield _at(player.lab, predict.line, what, "Make `measure` fit what the run leaves.")
    elif isinstance(predict.measure, Quantity) and right is not None and measured.label != right:
        what = f"The run answers {measured.value!r} to this prediction, the lab {right!r}."
        yield _at(player.lab, predict.line, what, "Mark the right option, or correct `measure`.")
    elif measured.value is False:
        what = "The run does not confirm the right answer: the condition in `measure` does not hold."
        yield _at(player.lab, predict.line, what, "Correct the answer or the condition.")


async def _prove_tables(player: Player) -> list[Problem]:
    """Run the Linux commands of the tool views; one that is not installed here cannot be tried."""
    problems: list[Problem] = []
    tables = [block for step in player.lab.steps for block in step.blocks if isinstance(block, Table)]
    if tables:
        await player.stage.command(PaceSet(pace="live"))
    for table in tables:
        argv = ["sh", "-c", table.commands["linux"]]
        pid = (await player.stage.command(ProcessStart(host=table.on, argv=argv)))["pid"]
        state = player.record.state
        await player.until(lambda: has_exited(state, pid), "the tool")  # noqa: B023
        code = state["processes"][str(pid)]["code"]
        if code not in (0, _NOTHING_FOUND, _NOT_INSTALLED):
            what = f"`{table.commands['linux']}` fails with exit code {code}."
            problems.append(_at(player.lab, table.line, what, "Try it in a terminal."))
    return problems
