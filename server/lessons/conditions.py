"""Conditions and quantities, read from YAML: the one query language of ``expect``, ``measure`` and ``hint.when``.

Whatever can be known to be wrong without running anything is refused here: a field that the subject does not have, a
state that does not exist, a host that the lab does not have, a name that no program carries yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from server.lessons.checks import glob
from server.lessons.fields import FIELDS, Field
from server.lessons.keywords import KEYWORDS
from server.lessons.query import (
    AllOf,
    AnyOf,
    Before,
    Compare,
    Condition,
    Not,
    Operator,
    Pattern,
    Quantity,
    Rows,
    Selection,
    Subject,
    Value,
)
from server.lessons.source import Node, suggestion

SUBJECTS: tuple[Subject, ...] = get_args(Subject)
MANY = 1_000_000
_PAST: frozenset[Subject] = frozenset({"call", "packet", "output"})
_KINDS = (*SUBJECTS, "ever", "never", "all", "any", "not", "before", "equal", "different", "less")
_OPERATORS: Mapping[str, tuple[Operator, ...]] = {
    "text": ("is", "not", "contains"),
    "host": ("is", "not"),
    "number": ("not", "at_least", "at_most"),
    "flag": (),
    "set": ("not", "contains"),
    "process": ("not",),
}


@dataclass(slots=True)
class Scope:
    """What words of a condition may refer to.

    Attributes:
        hosts: The lab's hosts.
        names: What programs are called so far → the line that says so.
        hidden: Names that only the author's own way of an open task gives; a learner's programs have none.
    """

    hosts: tuple[str, ...]
    names: dict[str, int] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)


def read_condition(node: Node, name: str, scope: Scope, extra: frozenset[str] = frozenset()) -> Condition:
    """A condition.

    Args:
        node: The mapping that it is.
        name: What messages call it.
        scope: What it may refer to.
        extra: Keys that are somebody else's (``that`` and ``hint`` of a check).
    """
    found = _known_keys(node, name, extra)
    kinds = [key for key in found if key in _KINDS]
    if len(kinds) != 1:
        what = "says nothing to look at" if not kinds else f"has both `{kinds[0]}` and `{kinds[1]}`"
        node.fail(f"`{name}` {what}.", "Give it one of socket, process, fd, call, packet, output, …, all, any, before.")
    kind = kinds[0]
    if "count" in found and kind not in SUBJECTS and kind != "ever":
        node.keys["count"].fail(f"`count` does not go with `{kind}`.", "Count the rows of one subject.")
    if kind in SUBJECTS or kind in ("ever", "never"):
        return _rows(node, found, kind, scope)
    if "since" in found:
        node.keys["since"].fail(f"`since` does not go with `{kind}`.", "Put it beside a subject inside.")
    value = found[kind]
    match kind:
        case "all" | "any":
            parts = tuple(read_condition(part, kind, scope) for part in value.items(kind))
            return AllOf(parts) if kind == "all" else AnyOf(parts)
        case "not":
            return Not(read_condition(value, "not", scope))
        case "before":
            first, second = (_selection(part, "before", scope, ever=True) for part in _pair(value, kind))
            return Before(first, second)
        case "equal":
            return Compare("equal", *(read_quantity(part, kind, scope) for part in _pair(value, kind)))
        case "different":
            return Compare("different", *(read_quantity(part, kind, scope) for part in _pair(value, kind)))
        case _:
            return Compare("less", *(read_quantity(part, kind, scope) for part in _pair(value, kind)))


def read_when(node: Node, scope: Scope, condition: Condition) -> Condition:
    """The ``when`` of a hint: a condition, or only a ``count`` of its check's rows."""
    found = node.mapping("when")
    if set(found) != {"count"}:
        return read_condition(node, "when", scope)
    if not isinstance(condition, Rows):
        node.fail("`when: {count: …}` counts the rows of its check, but the check counts none.", "Write a condition.")
    low, high = _how_many(found["count"])
    return replace(condition, at_least=low, at_most=high)


def read_measure(node: Node, scope: Scope) -> Quantity | Condition:
    """The ``measure`` of a prediction: a quantity, or a condition."""
    found = node.mapping("measure")
    if {"value", "distinct", "sum", "of"} & set(found) or not set(found) - {"count"}:
        return read_quantity(node, "measure", scope)
    return read_condition(node, "measure", scope)


def read_quantity(node: Node, name: str, scope: Scope) -> Quantity:
    """A quantity: a constant, or something that is measured."""
    if not isinstance(node.value, dict):
        value = node.value
        return Quantity("constant", constant=value if isinstance(value, int) else node.text(name))
    found = node.fields(name, "quantity")
    hows = [key for key in found if key != "of"]
    if len(hows) != 1:
        node.fail(f"`{name}` must have one of count, value, distinct and sum.", "Example: count: {socket: {port: 7}}")
    how = hows[0]
    if how == "count":
        return Quantity("count", _selection(found["count"], "count", scope))
    if "of" not in found:
        node.fail(f"`{how}` does not say of what.", f"Add `of: {{socket: {{…}}}}` beside `{how}: FIELD`.")
    selection = _selection(found["of"], "of", scope)
    fields = FIELDS[selection.subject]
    field_name = found[how].choice(how, [key for key, one in fields.items() if one.kind != "process"])
    if how == "sum" and fields[field_name].kind != "number":
        found[how].fail(f"`{field_name}` is no number.", "Only numbers can be summed.")
    if how == "value":
        return Quantity("value", selection, field_name)
    return Quantity("distinct" if how == "distinct" else "sum", selection, field_name)


def read_selection(node: Node, name: str, scope: Scope) -> Selection:
    """One subject with its fields, such as ``{socket: {host: server}}``."""
    return _selection(node, name, scope)


def read_patterns(node: Node, subject: Subject, scope: Scope) -> tuple[Pattern, ...]:
    """The fields of a subject."""
    if node.value is None or node.value == {}:
        return ()
    table = FIELDS[subject]
    patterns: list[Pattern] = []
    for key, value in node.mapping(subject).items():
        if key not in table:
            if key in KEYWORDS["condition"] and key not in SUBJECTS:
                node.keys[key].fail(
                    f"`{key}` is no field of `{subject}`.", f"Write it beside `{subject}:`, not below it."
                )
            node.keys[key].fail(f"`{subject}` has no field `{key}`.", suggestion(key, table))
        patterns += _patterns(key, table[key], value, scope)
    return tuple(patterns)


def describe(condition: Condition) -> str:
    """A condition in words, for checks that have none of their own."""
    match condition:
        case Rows(selection=selection, at_least=low, at_most=high):
            return f"{_amount(low, high)} {_selected(selection)}"
        case AllOf(parts):
            return "; and ".join(describe(part) for part in parts)
        case AnyOf(parts):
            return "; or ".join(describe(part) for part in parts)
        case Not(part):
            return f"not: {describe(part)}"
        case Before(first, second):
            return f"{_selected(first)} comes before {_selected(second)}"
        case Compare(how, left, right):
            words = {"equal": "is", "different": "is not", "less": "is less than"}
            return f"{_quantified(left)} {words[how]} {_quantified(right)}"


# --- parts ------------------------------------------------------------------------------------


def _known_keys(node: Node, name: str, extra: frozenset[str]) -> dict[str, Node]:
    found = node.mapping(name)
    table = KEYWORDS["condition"]
    for key in found:
        if key not in table and key not in extra:
            if key in FIELDS["socket"]:
                node.keys[key].fail(f"`{key}` is a field, not a subject.", f"Write socket: {{{key}: …}}.")
            node.keys[key].fail(f"`{name}` has no key `{key}`.", suggestion(key, [*table, *sorted(extra)]))
    return {key: value for key, value in found.items() if key not in extra}


def _rows(node: Node, found: dict[str, Node], kind: str, scope: Scope) -> Condition:
    selection = _chosen(node, found, kind, scope)
    if kind == "never":
        return Rows(selection=selection, at_least=0, at_most=0)
    low, high = _how_many(found["count"]) if "count" in found else (1, None)
    return Rows(selection=selection, at_least=low, at_most=high)


def _selection(node: Node, name: str, scope: Scope, *, ever: bool = False) -> Selection:
    found = _known_keys(node, name, frozenset())
    kinds = [key for key in found if key in SUBJECTS or key == "ever"]
    if len(kinds) != 1 or set(found) - {kinds[0], "since"}:
        node.fail(f"`{name}` must have one subject.", "Example: {socket: {host: server, state: LISTEN}}")
    chosen = _chosen(node, found, kinds[0], scope, past=ever)
    return replace(chosen, ever=True) if ever else chosen


def _chosen(node: Node, found: dict[str, Node], kind: str, scope: Scope, *, past: bool = False) -> Selection:
    inside, ever = node, kind in ("ever", "never")
    fields = found[kind]
    if ever:
        inside = fields
        parts = {key: value for key, value in inside.mapping(kind).items() if key != "since"}
        if len(parts) != 1 or next(iter(parts)) not in SUBJECTS:
            inside.fail(f"`{kind}` must have one subject.", f"Example: {kind}: {{packet: {{flags: RST}}}}")
        kind, fields = next(iter(parts.items()))
    subject = next(one for one in SUBJECTS if one == kind)
    since = found.get("since") or (inside.mapping(kind).get("since") if ever else None)
    if since is not None:
        since.choice("since", ["step"])
        if not ever and not past and subject not in _PAST:
            since.fail(f"`since` does not go with `{subject}`: it asks for what is there now.", "Put it beside `ever`.")
    patterns = read_patterns(fields, subject, scope)
    return Selection(subject=subject, patterns=patterns, ever=ever, since_step=since is not None)


def _pair(node: Node, name: str) -> list[Node]:
    parts = node.items(name)
    if len(parts) != 2:
        node.fail(f"`{name}` has {len(parts)} parts.", "Give it two: the first and the second.")
    return parts


def _how_many(node: Node) -> tuple[int, int | None]:
    if not isinstance(node.value, dict):
        number = node.number("count", 0, MANY)
        return number, number
    found = node.fields("count", "count")
    low = found["at_least"].number("at_least", 0, MANY) if "at_least" in found else 0
    high = found["at_most"].number("at_most", 0, MANY) if "at_most" in found else None
    if low == 0 and high is None:
        node.fail("`count` of 0 or more says nothing.", "Write a number from 1 on.")
    if high is not None and high < low:
        node.fail(f"`count` cannot be at least {low} and at most {high}.", "Exchange the two.")
    return low, high


def _patterns(name: str, field: Field[Any], node: Node, scope: Scope) -> list[Pattern]:
    if isinstance(node.value, dict):
        found = node.fields(name, "pattern")
        allowed = _OPERATORS[field.kind]
        patterns: list[Pattern] = []
        for key, value in found.items():
            operator = next((one for one in allowed if one == key), None)
            if operator is None:
                possible = ", ".join(allowed) or "a value"
                node.keys[key].fail(f"`{name}` cannot be asked with `{key}`.", f"Possible: {possible}.")
            if operator in ("at_least", "at_most"):
                patterns.append(Pattern(name, operator, value.number(key, -MANY, 2**62)))
            else:
                patterns.append(Pattern(name, operator, _value(name, field, value, scope, exact=operator == "is")))
        return patterns
    if isinstance(node.value, list):
        values = tuple(_value(name, field, item, scope) for item in node.items(name))
        return [Pattern(name, "like" if field.kind in ("set", "process") else "any", values)]
    return [Pattern(name, "like", _value(name, field, node, scope))]


def _value(name: str, field: Field[Any], node: Node, scope: Scope, *, exact: bool = False) -> Value:
    match field.kind:
        case "number":
            return node.number(name, -MANY, 2**62)
        case "flag":
            return node.flag(name)
        case "process":
            return _program(name, node, scope)
        case "host":
            return _one_of(name, node, scope.hosts, exact=exact)
        case "set":
            for word in node.text(name).replace(" ", "").split(","):
                if field.choices and word not in field.choices:
                    node.fail(f"There is no flag {word!r}.", suggestion(word, field.choices))
            return node.text(name).replace(" ", "")
        case "text":
            return _one_of(name, node, field.choices, exact=exact)


def _one_of(name: str, node: Node, choices: tuple[str, ...], *, exact: bool) -> str:
    text = node.text(name)
    fits = not choices or any(text == one or (not exact and glob(text).fullmatch(one)) for one in choices)
    if not fits:
        node.fail(f"`{name}` is never {text!r}.", suggestion(text, choices))
    return text


def _program(name: str, node: Node, scope: Scope) -> str:
    text = node.text(name)
    if text in scope.hidden:
        node.fail(
            f"{text!r} is only the author's name for what the learner starts here.",
            "Say which program is meant by its host, or by the fields of its socket.",
        )
    if text not in scope.names:
        node.fail(f"No program is called {text!r} up to here.", _names(text, scope))
    return text


def _names(text: str, scope: Scope) -> str:
    if not scope.names:
        return f"Give the program its name where it is started: as: {text}"
    return suggestion(text, scope.names)


# --- words ------------------------------------------------------------------------------------

_PLURALS: dict[Subject, str] = {
    "socket": "sockets", "process": "processes", "fd": "file descriptors", "call": "calls", "packet": "packets",
    "output": "lines of output", "moment": "waiting moments", "sysctl": "kernel parameters",
}  # fmt: skip


def _amount(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} or more"
    if low == high:
        return "no" if low == 0 else f"{low}"
    return f"{low} to {high}"


def _selected(selection: Selection) -> str:
    fields = ", ".join(f"{one.field} {_words(one)}" for one in selection.patterns)
    when = " (ever)" if selection.ever and selection.subject not in _PAST else ""
    return f"{_PLURALS[selection.subject]}{when}{' with ' + fields if fields else ''}"


def _words(pattern: Pattern) -> str:
    values = pattern.value if isinstance(pattern.value, tuple) else (pattern.value,)
    text = (", " if pattern.field == "flags" else " or ").join(str(value) for value in values)
    prefix = {"not": "not ", "contains": "with ", "at_least": "at least ", "at_most": "at most "}
    return f"{prefix.get(pattern.operator, '')}{text}"


def _quantified(quantity: Quantity) -> str:
    if quantity.of is None:
        return str(quantity.constant)
    if quantity.how == "count":
        return f"the number of {_selected(quantity.of)}"
    how = {"value": "the", "distinct": "the number of different", "sum": "the sum of"}[quantity.how]
    return f"{how} {quantity.field} of {_selected(quantity.of)}"
