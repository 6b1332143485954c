"""The dictionary of the project: the field's terms and only these, wherever a person reads."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "templates").rglob("*.html")), *sorted((ROOT / "labs").rglob("*.md")), ROOT / "README.md"]
PROGRAMS = sorted((ROOT / "labs").rglob("*.py"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))

FORBIDDEN = {
    # somebody else's word: ours
    r"(?<!\bin a )containers?\b": "sandbox",
    r"virtual machines?|\bVMs?\b": "sandbox or host",
    r"\bnodes?\b": "host",
    r"\bbreakpoints?\b": "moment",
    r"\bscheduler\b": "conductor",
    r"\btutorials?\b|\bexercises?\b": "lab",
    r"\b(?:file|socket) handles?\b": "file descriptor",
    r"\b(?:4|four|5)-tuples?\b": "five-tuple",
    r"\bTCP packets?\b": "segment",
    r"\bSYN_RECV\b|\bSYN_SENT\b|\bCLOSE_WAIT\b|\bTIME_WAIT\b|\bFIN_WAIT\w*|\bLAST_ACK\b": "the state as in RFC 9293",
    r"\bsimply\b|\bjust\b(?! as\b)|\bobviously\b|\bplease\b": "what it is, without it",
}


def prose(path: Path) -> str:
    """What a person reads of a file."""
    text = path.read_text()
    match path.suffix:
        case ".html":
            text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", text, flags=re.DOTALL)
            spoken = re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', text)
            return html.unescape("\n".join([re.sub(r"<[^>]*>", " ", text), *spoken]))
        case ".md":
            return re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.DOTALL)
        case ".js":
            return _sentences(text)
        case _:
            return text


def _sentences(script: str) -> str:
    """The strings and templates of a script that have a space in them."""
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", script, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"\"([^\"\n]* [^\"\n]*)\"|`([^`]* [^`]*)`", code)
    return "\n".join(re.sub(r"\$\{[^}]*\}", "x", one or two) for one, two in found)


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS, *SCRIPTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_words_of_the_field(path: Path) -> None:
    text = prose(path)
    for pattern, ours in FORBIDDEN.items():
        found = re.findall(rf".*(?i:{pattern}).*", text)
        assert not found, f"say {ours}: {found}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_exclamation_marks(path: Path) -> None:
    assert re.findall(r".*[A-Za-zé]!(?:\s|$).*", prose(path)) == []


@pytest.mark.parametrize("text", ["This is just a test.", "A TCP packet leaves.", "in SYN_SENT", "two nodes"])
def test_a_wrong_word_would_be_found(text: str) -> None:
    assert [pattern for pattern in FORBIDDEN if re.search(f"(?i:{pattern})", text)]
