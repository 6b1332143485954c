"""Write static/js/story/table.js from server/story/: the rules of beats, their sentences and the lists beside them.

Run ``make docs`` after a change there; a test fails until that was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from server.story.beats import COUNTED, OTHERWISE
from server.story.predicates import DISCOVERY, LIBRARY, STATES, TOOLS, WEIGHTY
from server.story.rules import RULES, Rule
from server.story.sentences import SENTENCES
from server.story.told import NOT_YET

TARGET = Path(__file__).parents[1] / "static" / "js" / "story" / "table.js"

HEAD = """\
// The rules of beats, their sentences and the lists beside them. Made by docs/story_js.py from server/story/.

/**
 * @typedef {object} Rule
 * @property {string} message its sentence; empty: background after all
 * @property {string[]} when predicates that all hold
 * @property {string} leads what the scene is about that it begins; empty: it stays in the one that is on
 * @property {string[]} joins it is part of the beat before it, if that one's last message is one of these
 * @property {boolean} alone whether it is told when there is no such beat
 */
"""
_WIDTH = 120


def render() -> str:
    """The text of table.js."""
    counted = [[f"{purpose} {message}", list(what)] for (purpose, message), what in COUNTED.items()]
    return "\n".join(
        (
            HEAD,
            "/** Type of event → its rules, the first that fits counts. @type {Record<string, Rule[]>} */",
            f"export const RULES = {_object((tag, _rules(tag, rules)) for tag, rules in RULES.items())};\n",
            "/** Message → sentence. @type {Record<string, string>} */",
            f"export const SENTENCES = {_object((name, _text(text)) for name, text in SENTENCES.items())};\n",
            "/** Purpose of the scene and message → what is counted of it, and of which subjects. */",
            "/** @type {Record<string, [string, string]>} */",
            f"export const COUNTED = {_object((str(name), _row(what)) for name, what in counted)};\n",
            "/** Purpose → the heading of a scene of which nothing was counted yet. @type {Record<string, string>} */",
            f"export const OTHERWISE = {_object((name, _text(text)) for name, text in OTHERWISE.items())};\n",
            _list("TOOLS", sorted(TOOLS)),
            _list("WEIGHTY", sorted(WEIGHTY)),
            _list("NOT_YET", sorted(NOT_YET)),
            _list("DISCOVERY", sorted(DISCOVERY)),
            _list("STATES", STATES),
            f"export const LIBRARY = {_text(LIBRARY)};\n",
        )
    )


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.isidentifier() else _text(name)


def _row(values: Iterable[object]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"


def _object(members: Iterable[tuple[str, str]]) -> str:
    """An object with a member a line, laid out as the formatter wants it."""
    lines = []
    for name, value in members:
        line = f"  {_key(name)}: {value},"
        too_long = len(line) > _WIDTH and not value.startswith("[")
        lines.append(f"  {_key(name)}:\n    {value}," if too_long else line)
    return "{\n" + "\n".join(lines) + "\n}"


def _rules(tag: str, rules: tuple[Rule, ...]) -> str:
    if not rules:
        return "[]"
    alone = f"[{_rule(rules[0]).strip().removesuffix(',')}]"
    if len(rules) == 1 and len(f"  {_key(tag)}: {alone},") <= _WIDTH:
        return alone
    return "[\n" + "".join(f"{_rule(rule)}\n" for rule in rules) + "  ]"


def _rule(rule: Rule) -> str:
    members = {"message": rule.message, "when": rule.when, "leads": rule.leads, "joins": rule.joins}
    texts = [f"{name}: {_row(v) if isinstance(v, tuple) else _text(v)}" for name, v in members.items()]
    texts.append(f"alone: {_text(rule.alone)}")
    line = f"    {{ {', '.join(texts)} }},"
    if len(line) <= _WIDTH:
        return line
    return "    {\n" + "".join(f"{_member(text)}\n" for text in texts) + "    },"


def _member(text: str) -> str:
    line = f"      {text},"
    if len(line) <= _WIDTH:
        return line
    name, values = text.split(": ", 1)
    return f"      {name}: [\n" + "".join(f"        {_text(value)},\n" for value in json.loads(values)) + "      ],"


def _list(name: str, values: Iterable[object]) -> str:
    line = f"export const {name} = {_row(values := list(values))};"
    if len(line) > _WIDTH:
        line = f"export const {name} = [\n" + "".join(f"  {_text(value)},\n" for value in values) + "];"
    return f"{line}\n"


if __name__ == "__main__":
    TARGET.write_text(render())
