"""The fenced blocks of a lab besides its actions, read from YAML: questions, checks, tasks, hints, tool views."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape

from server.lessons.actions import Bench, read_actions
from server.lessons.conditions import describe, read_condition, read_measure, read_selection, read_when
from server.lessons.keywords import KEYWORDS
from server.lessons.model import Block, Check, Do, Expect, Explain, Hint, Hints, Option, Predict, Table, Task
from server.lessons.query import Condition, Quantity
from server.lessons.source import Node

MOST_OPTIONS = 6
MOST_HINTS = 3
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")

Inline = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the blocks of one lab are read with.

    Attributes:
        bench: The bench of its actions.
        inline: Markdown for single lines.
        misconceptions: The numbers that a question may settle.
    """

    bench: Bench
    inline: Inline
    misconceptions: Collection[int]


def read_do(node: Node, work: Workshop) -> Do:
    """The actions of a step."""
    return Do(actions=read_actions(node, "do", work.bench), line=node.place.line)


def read_task(kind: str, node: Node, work: Workshop) -> Task:
    """A ``modify`` or ``make`` task; the names that only its solution gives are hidden from its checks."""
    found = node.fields(kind, kind)
    scope = work.bench.scope
    before = dict(scope.names)
    start = read_actions(found["start"], "start", work.bench) if "start" in found else ()
    scope.names = dict(before)
    actions = read_actions(found["do"], "do", work.bench)
    scope.hidden |= {name: line for name, line in scope.names.items() if name not in before}
    if start and [_bare(action) for action in start] == [_bare(action) for action in actions]:
        found["start"].fail("`start` is the solution already.", "Change `start`, or take it out.")
    return Task(
        kind="modify" if kind == "modify" else "make",
        task_html=work.inline(found["task"].text("task")),
        start=start,
        actions=actions,
        line=node.place.line,
    )


def _bare(action: object) -> str:
    return repr(action).rpartition("line=")[0]


def read_predict(node: Node, work: Workshop) -> Predict:
    """A question before the run."""
    found = node.fields("predict", "predict")
    measure = read_measure(found["measure"], work.bench.scope) if "measure" in found else None
    number = found["number"].text("number") if "number" in found else ""
    if not number and "options" not in found:
        node.fail("`predict` has no `options`.", "Add two to six, or ask for a number: number: sockets")
    if number and not isinstance(measure, Quantity):
        node.fail("Only a run can answer with a number.", "Add `measure: {count: …}`.")
    options = _options(found["options"], work) if "options" in found else ()
    for option in options:
        if number and not _NUMBER.fullmatch(option.label):
            found["options"].fail(f"{option.label!r} is no number.", "Write it in digits, or take `number` out.")
    return Predict(
        question_html=work.inline(found["question"].text("question")),
        options=options,
        last_stays=_last_stays(found),
        number=number,
        measure=measure,
        settles=_settles(found, work),
        line=node.place.line,
    )


def read_explain(node: Node, work: Workshop) -> Explain:
    """A question after the run."""
    found = node.fields("explain", "explain")
    return Explain(
        question_html=work.inline(found["question"].text("question")),
        options=_options(found["options"], work),
        last_stays=_last_stays(found),
        settles=_settles(found, work),
        line=node.place.line,
    )


def read_expect(node: Node, work: Workshop) -> Expect:
    """The checks of a step."""
    return Expect(checks=tuple(_check(item, work) for item in node.items("expect")), line=node.place.line)


def read_hints(node: Node, work: Workshop) -> Hints:
    """The hints of a step."""
    items = node.items("hints")
    if len(items) > MOST_HINTS:
        items[MOST_HINTS].fail(f"A step has at most {MOST_HINTS} hints.", "Join some: where to look, what to compare.")
    return Hints(html=tuple(work.inline(item.text("hints")) for item in items), line=node.place.line)


def read_table(node: Node, work: Workshop) -> Table:
    """The tool view."""
    found = node.fields("table", "table")
    systems = ("linux", "macos", "windows")
    return Table(
        on=found["on"].choice("on", work.bench.hosts),
        rows=read_selection(found["rows"], "rows", work.bench.scope),
        commands={system: found[system].text(system) for system in systems if system in found},
        line=node.place.line,
    )


def read_block(kind: str, node: Node, work: Workshop) -> Block:
    """A block of a known kind."""
    if kind in ("modify", "make"):
        return read_task(kind, node, work)
    return _READERS[kind](node, work)


_READERS: dict[str, Callable[[Node, Workshop], Block]] = {
    "do": read_do,
    "predict": read_predict,
    "explain": read_explain,
    "expect": read_expect,
    "hints": read_hints,
    "table": read_table,
}


def read_settled(node: Node, name: str, known: Collection[int]) -> tuple[int, ...]:
    """Numbers of misconceptions, each one that is known."""
    items = node.items(name) if isinstance(node.value, list) else [node]
    numbers = []
    for item in items:
        number = item.number(name, 1, max(known, default=1))
        if number not in known:
            item.fail(f"There is no misconception {number}.", f"Write one of {', '.join(map(str, known)) or 'none'}.")
        if number in numbers:
            item.fail(f"`{name}` has {number} twice.", "Keep one of the two.")
        numbers.append(number)
    return tuple(numbers)


# --- parts ------------------------------------------------------------------------------------


def _settles(found: dict[str, Node], work: Workshop) -> tuple[int, ...]:
    return read_settled(found["settles"], "settles", work.misconceptions) if "settles" in found else ()


def _last_stays(found: dict[str, Node]) -> bool:
    return "keep" in found and found["keep"].choice("keep", ("last",)) == "last"


def _options(node: Node, work: Workshop) -> tuple[Option, ...]:
    items = node.items("options")
    if not 2 <= len(items) <= MOST_OPTIONS:
        node.fail(f"There are {len(items)} options.", f"Give two to {MOST_OPTIONS}.")
    options = tuple(_option(item, work) for item in items)
    labels = [option.label for option in options]
    for label, item in zip(labels, items, strict=True):
        if labels.count(label) > 1:
            item.fail(f"The option {label!r} stands here twice.", "Keep one of the two.")
    right = [option for option in options if option.right]
    if len(right) != 1:
        node.fail(f"{len(right) or 'No'} options are marked right.", "Mark exactly one: - ANSWER: right")
    return options


def _option(node: Node, work: Workshop) -> Option:
    found = node.mapping("an option")
    if len(found) != 1:
        node.fail("An option must have one answer.", "Write - ANSWER: what who picks it may have in mind")
    label, value = next(iter(found.items()))
    if isinstance(value.value, dict):
        html, right = work.inline(value.fields("an option", "right")["right"].text("right")), True
    else:
        text = value.text(label)
        right = text == "right"
        html = "" if right else work.inline(text)
    return Option(label=label, label_html=work.inline(label), html=html, right=right)


_OWN = frozenset(KEYWORDS["expect"])


def _check(node: Node, work: Workshop) -> Check:
    condition = read_condition(node, "a check", work.bench.scope, _OWN)
    found = node.mapping("a check")
    hints: tuple[Hint, ...] = ()
    if "hint" in found:
        items = found["hint"].items("hint") if isinstance(found["hint"].value, list) else [found["hint"]]
        hints = tuple(_hint(item, condition, work) for item in items)
    if "that" in found:
        that = found["that"].text("that")
        html = work.inline(that)
    else:
        that = describe(condition)
        html = escape(that)
    return Check(that=that, html=html, condition=condition, hints=hints, line=node.place.line)


def _hint(node: Node, condition: Condition, work: Workshop) -> Hint:
    found = node.fields("hint", "hint")
    when = read_when(found["when"], work.bench.scope, condition)
    return Hint(when=when, html=work.inline(found["say"].text("say")), line=node.place.line)
