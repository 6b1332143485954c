"""The keyword reference at the end of ``docs/labs.md``, made from the tables that the reader of labs uses."""

from __future__ import annotations

from pathlib import Path

from server.lessons.fields import FIELDS
from server.lessons.keywords import BLOCKS, KEYWORDS, LANGUAGES, MODIFIERS, VERBS, Keyword

MARK = "<!-- From here on written by docs/generate.py from server/lessons; edit that. -->\n"

_TITLES = {
    "front matter": "Front matter",
    "predict": "`predict`",
    "explain": "`explain`",
    "modify": "`modify`",
    "make": "`make`",
    "expect": "`expect`: each check is a condition, and may have",
    "hint": "`hint` of a check",
    "table": "`table`",
    "condition": "Conditions",
    "count": "`count`, if it is not a number",
    "quantity": "Quantities: `measure`, and the parts of `equal`, `different` and `less`",
    "pattern": "Fields, if they are neither a value nor a list of values",
    "match": "Packets: `hold`, `lose`, `deliver`, `drop`, `duplicate`",
    "wire": "`wire`",
    "right": "The right option, with its reason",
    "term": "An entry of `glossary.md`",
    "analogy": "An entry of `analogies.md`",
}


def page(path: Path) -> str:
    """The page with its written part as it is and its reference generated again."""
    return path.read_text().partition(MARK)[0] + MARK + reference()


def reference() -> str:
    """Every keyword and every field."""
    parts = ["\n## Reference\n\n### Fenced blocks\n\n| block | what it is |\n| --- | --- |\n"]
    parts += [f"| `{name}` | {text} |\n" for name, text in BLOCKS.items()]
    parts.append(f"\nShown as code, without a meaning: {', '.join(f'`{word}`' for word in LANGUAGES)}.\n")
    parts.append(_keywords("Front matter", KEYWORDS["front matter"]))
    parts.append(_actions())
    parts += [_keywords(title, KEYWORDS[key]) for key, title in _TITLES.items() if key != "front matter"]
    parts.append("\n### Fields\n")
    for subject, fields in FIELDS.items():
        what = KEYWORDS["condition"][subject].help
        parts.append(f"\n#### `{subject}`: {what}\n\n| field | kind | what it is |\n| --- | --- | --- |\n")
        parts += [f"| `{name}` | {field.kind} | {field.help} |\n" for name, field in fields.items()]
    return "".join(parts)


def _actions() -> str:
    table = KEYWORDS["action"]
    parts = ["\n### Actions\n\nEach has one of these:\n\n| key | what it does | beside it |\n| --- | --- | --- |\n"]
    for verb in VERBS:
        beside = ", ".join(f"`{name}`" for name in MODIFIERS.get(verb, ()))
        parts.append(f"| `{verb}` | {table[verb].help} | {beside} |\n")
    parts.append("\n| beside it | what it says |\n| --- | --- |\n")
    parts += [f"| `{name}` | {keyword.help} |\n" for name, keyword in table.items() if name not in VERBS]
    return "".join(parts)


def _keywords(title: str, table: dict[str, Keyword]) -> str:
    rows = [f"| `{name}` | {'yes' if word.required else ''} | {word.help} |\n" for name, word in table.items()]
    return f"\n### {title}\n\n| key | required | what it says |\n| --- | --- | --- |\n{''.join(rows)}"
