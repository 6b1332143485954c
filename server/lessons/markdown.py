"""Markdown into sections: prose as HTML, notes for the speaker, and the blocks, each with its line.

Raw HTML is text here: a lab may come from anybody. Only what stands at the left margin is a block; everything else
is prose and rendered as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from server.lessons.keywords import BLOCKS, LANGUAGES
from server.lessons.source import LabError, Place, Problem, suggestion

_NOTE = "note:"

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").use(front_matter_plugin)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a section.

    Attributes:
        kind: ``prose`` and ``note`` with their HTML, or the word of a fenced block with its YAML.
        text: The HTML or the YAML.
        line: Where the text begins in the file, from 1.
    """

    kind: str
    text: str
    line: int


@dataclass(slots=True)
class Section:
    """What stands below one heading; the first one, without a title, stands above all headings."""

    title: str
    line: int
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A heading of a file that stands beside the labs, and what stands below it.

    Attributes:
        title: The heading's text.
        line: Its line, from 1.
        paragraphs: Each paragraph as HTML without a tag around it, and its line.
        items: Each line of its bullet lists as it is written, and its line.
        parts: The ``###`` headings below a ``##`` heading.
    """

    title: str
    line: int
    paragraphs: list[tuple[str, int]] = field(default_factory=list)
    items: list[tuple[str, int]] = field(default_factory=list)
    parts: list[Entry] = field(default_factory=list)


def inline(text: str) -> str:
    """One line of Markdown as HTML, without a paragraph around it."""
    return str(_markdown.renderInline(text))


def sections(text: str, file: str) -> tuple[Part, list[Section]]:
    """A lab's front matter and its sections.

    Raises:
        LabError: There is no front matter, or a block that nobody knows.
    """
    tokens = _markdown.parse(text)
    if not tokens or tokens[0].type != "front_matter":
        what = "The file does not begin with a front matter."
        raise LabError(Problem(file, 1, what, "Begin it with --- , the keys of docs/labs.md, and --- again."))
    head = Part("front matter", tokens[0].content, 2)
    found = [Section("", 1)]
    for group in _groups(tokens[1:]):
        first = group[0]
        line = first.map[0] + 1 if first.map else 0
        place = Place(file, line)
        if first.type == "heading_open" and first.tag == "h2":
            found.append(Section(group[1].content, line))
        elif first.type == "heading_open" and first.tag == "h1":
            place.fail("A heading with one # is the title of the page.", "Begin a step with two: ## Title")
        else:
            found[-1].parts += _parts(group, place)
    return head, [section for section in found if section.title or section.parts]


def entries(text: str, file: str) -> tuple[list[Entry], list[Problem]]:
    """The ``##`` headings of a file that stands beside the labs, and the blocks that it cannot have.

    What stands above the first of them is for whoever edits the file.
    """
    found: list[Entry] = []
    problems: list[Problem] = []
    for group in _groups(_markdown.parse(text)):
        first = group[0]
        line = first.map[0] + 1 if first.map else 1
        if first.type == "heading_open" and first.tag == "h2":
            found.append(Entry(group[1].content, line))
        elif not found:
            continue
        elif first.type == "heading_open" and first.tag == "h3":
            found[-1].parts.append(Entry(group[1].content, line))
        elif first.type == "paragraph_open":
            entry = found[-1].parts[-1] if found[-1].parts else found[-1]
            entry.paragraphs.append((str(_markdown.renderer.render(group[1:-1], _markdown.options, {})), line))
        elif first.type == "bullet_list_open":
            entry = found[-1].parts[-1] if found[-1].parts else found[-1]
            entry.items += [
                (" ".join(token.content.split()), token.map[0] + 1 if token.map else line)
                for token in group
                if token.type == "inline"
            ]
        else:
            what = "An entry has headings, paragraphs and one list, nothing else."
            problems.append(Problem(file, line, what, "Write it as a paragraph."))
    return found, problems


def _groups(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each block at the left margin."""
    groups: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            groups.append([])
        groups[-1].append(token)
        depth += token.nesting
    return groups


def _parts(group: list[Token], place: Place) -> list[Part]:
    first = group[0]
    if first.type == "fence":
        word = first.info.split(maxsplit=1)[0] if first.info.strip() else ""
        if word in BLOCKS:
            return [Part(word, first.content, place.line + 1)]
        if word and word not in LANGUAGES:
            place.fail(f"There is no block `{word}`.", suggestion(word, [*BLOCKS, *LANGUAGES]))
    for token in group[1:]:
        if token.type == "fence" and token.info.strip() in BLOCKS:
            line = token.map[0] + 1 if token.map else place.line
            Place(place.file, line).fail(f"This block `{token.info.strip()}` is indented.", "Move it to the margin.")
    kind: Literal["prose", "note"] = "prose"
    if first.type == "blockquote_open" and _take_note(group):
        kind, group = "note", group[1:-1]
    return [Part(kind, str(_markdown.renderer.render(group, _markdown.options, {})), place.line)]


def _take_note(group: list[Token]) -> bool:
    """Whether a quotation begins with ``note:``; the word is taken out."""
    for token in group:
        if token.type == "inline":
            children = token.children or []
            if not children or not children[0].content.lower().startswith(_NOTE):
                return False
            children[0].content = children[0].content[len(_NOTE) :].lstrip()
            return True
    return False
