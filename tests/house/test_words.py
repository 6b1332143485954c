"""The dictionary of the project: the field's terms and only these, wherever a person reads."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest

from tests.house.reading import ROOT, files, said

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

TRANSLATED = {
    # a picture, or a word of another language: the field's term
    r"\bgoodbyes?\b|\bin peace\b": "FIN, close",
    r"\b(?:hangs?|hung|hanging) up\b": "close",
    r"\bshak(?:es?|ing|en) hands\b": "exchange SYN, SYN-ACK and ACK",
    r"\bsays? hello\b": "greet, send a greeting",
    r"\bborn\b|\bbirth\b": "made, begins",
    r"\basleep\b": "sleeps, waits",
    r"\b(?:becom(?:es?|ing)|became|turn(?:s|ed|ing)?|com(?:es?|ing)|came) true\b": "pass, hold",
    r"\btells? the rest\b": "covers, lists",
    r"\ba gate\b": "an authenticating reverse proxy",
    r"(?<!tests/)\bcage[ds]?\b": "isolation, isolated",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\bcure[sd]?\b": "remedy, fix",
    r"\bfor ever\b": "without end",
    r"\banew\b": "again",
    r"\bmaster key\b": "what it is",
    r"\bconfess(?:ed|es)?\b": "a known limit",
    r"\b(?:see|sees) first\b": "the page",
    r"\bkept of (?:you|them)\b": "stored about",
    r"\bwhat is so\b": "what is true",
    r"\bto a wall\b|\bon a wall\b": "on a projector",
    r"\bgets? to hear\b": "learn, get",
}
"""Checked in documents, docstrings, comments, and texts of labs, questions and options included."""

ANY_TRANSLATED = re.compile("|".join(TRANSLATED), re.IGNORECASE)

FOR_PROGRAMS = re.compile(r"\b(?:GET|POST|DELETE|HTTP|JSON|API|APIs|tokens?|subprotocol|openapi)\b|/api/")
"""Words for those who write programs against the server: no page says them."""

FOR_CALLERS = re.compile(
    r"\bmatch\b|\bstate lists\b|\bcommands page\b|\bargv\b|`args`|`program`|\b(?:by|with|send) a command\b(?! line)"
)
"""Words of the API: a refusal below ``web`` says none, because a person who uses the page reads it too."""

PICTURES = {ROOT / "labs" / "analogies.md"}
"""Comparisons stand here on purpose."""


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
    code = re.sub(r"/\*.*?\*/|(?<!\S)//[^\n]*", "", script, flags=re.DOTALL)
    found = [one or two for one, two in re.findall(r"\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`", code)]
    return "\n".join(re.sub(r"\$\{[^}]*\}", "x", text) for text in found if " " in text)


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS, *SCRIPTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_words_of_the_field(path: Path) -> None:
    text = prose(path)
    for pattern, ours in FORBIDDEN.items():
        found = re.findall(rf".*(?i:{pattern}).*", text)
        assert not found, f"say {ours}: {found}"


@pytest.mark.parametrize(
    "path", files("server", "static", "docs", "labs", "bench"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_translated_or_poetic_words(path: Path) -> None:
    _no_translations(path, said(path))


@pytest.mark.parametrize(
    "path", [*SCRIPTS, *sorted((ROOT / "templates").rglob("*.html"))], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_translated_or_poetic_words_on_the_screen(path: Path) -> None:
    _no_translations(path, prose(path))


def _no_translations(path: Path, text: str) -> None:
    if path in PICTURES:
        return
    found = {match[0]: TRANSLATED[_pattern_of(match[0])] for match in ANY_TRANSLATED.finditer(text)}
    assert found == {}, "say the field's term instead"


def _pattern_of(word: str) -> str:
    return next(pattern for pattern in TRANSLATED if re.fullmatch(pattern, word, re.IGNORECASE))


@pytest.mark.parametrize(
    "path", [*SCRIPTS, *sorted((ROOT / "templates").rglob("*.html"))], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_page_speaks_of_its_requests(path: Path) -> None:
    told = [line for line in prose(path).splitlines() if not line.startswith("/api/")]  # addresses that are fetched
    assert [line for line in told if FOR_PROGRAMS.search(line)] == []


@pytest.mark.parametrize("text", ["Send the token that came", "the answer is no JSON", "POST it to /api/x"])
def test_a_word_for_programs_would_be_found(text: str) -> None:
    assert FOR_PROGRAMS.search(text)


REFUSING = [
    path for place in ("sandbox", "deciders", "sessions") for path in sorted((ROOT / "server" / place).glob("*.py"))
]


def refusals(script: str) -> list[str]:
    """The details and hints of the errors that a module makes."""
    made = (node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call))
    errors = [call for call in made if ast.unparse(call.func).endswith("Error")]
    texts = (node.value for call in errors for node in ast.walk(call) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str)]


@pytest.mark.parametrize("path", REFUSING, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_refusal_speaks_of_the_api(path: Path) -> None:
    assert [text for text in refusals(path.read_text()) if FOR_CALLERS.search(text)] == []


@pytest.mark.parametrize(
    "script",
    [
        'raise ConflictError("It is gone.", "Hold packets before they arrive: set a match.")',
        'raise NotFoundError(f"No moment {wanted} waits.", "The state lists the moments that wait.")',
        'raise ConflictError(f"Process {pid} was not started by a command.")',
        'raise BadRequestError("A process needs either `program` or `argv`.")',
    ],
)
def test_a_refusal_in_words_of_the_api_would_be_found(script: str) -> None:
    assert [text for text in refusals(script) if FOR_CALLERS.search(text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_exclamation_marks(path: Path) -> None:
    assert re.findall(r".*[A-Za-zé]!(?:\s|$).*", prose(path)) == []


@pytest.mark.parametrize("text", ["This is just a test.", "A TCP packet leaves.", "in SYN_SENT", "two nodes"])
def test_a_wrong_word_would_be_found(text: str) -> None:
    assert [pattern for pattern in FORBIDDEN if re.search(f"(?i:{pattern})", text)]


@pytest.mark.parametrize(
    "text",
    [
        "until they say goodbye",
        "It comes true.",
        "its checks become true",
        "A check becomes true.",
        "It turns true.",
        "The cage holds.",
        "kernel, cage, browser",
        "It is mended",
    ],
)
def test_a_translated_word_would_be_found(text: str) -> None:
    assert ANY_TRANSLATED.search(text)


def test_the_sentences_of_a_script_are_found() -> None:
    script = """// What "a comment" says.
const words = ["wait", "It is \\"here\\" now"]; // and `what` is
say(`${n} of them`);
"""
    assert _sentences(script) == 'It is \\"here\\" now\nx of them'
