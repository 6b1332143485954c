"""What stands beside the labs: ``glossary.md``, ``misconceptions.md`` and ``analogies.md``, from text to values.

Each file is Markdown with one ``##`` heading for each entry (docs/labs.md has the format). An entry that cannot be
read becomes a problem with file and line; the other entries are there all the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from server.folders import folder
from server.lessons.keywords import KEYWORDS
from server.lessons.markdown import Entry, entries
from server.lessons.source import LabError, Place, Problem, read_text, suggestion

GLOSSARY, MISCONCEPTIONS, ANALOGIES = FILES = ("glossary.md", "misconceptions.md", "analogies.md")
"""The files, in the folder of the labs."""
SHOWS, BREAKS = PARTS = ("What it shows", "Where it breaks")
"""The ``###`` headings of an analogy."""

_NUMBERED = re.compile(r"([1-9][0-9]{0,2})\. (\S.*)")


# --- values -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of the glossary.

    Attributes:
        word: As it stands in a sentence.
        means: What it means, as HTML without a paragraph around it.
        source: Where that is laid down: an RFC or a manual page.
        forms: Other forms that lead here.
        see: Related entries, by their words.
    """

    word: str
    means: str
    source: str = ""
    forms: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Its name in a link."""
        return _anchor(self.word)


@dataclass(frozen=True, slots=True)
class Glossary:
    """The terms.

    Attributes:
        terms: In the order of the alphabet.
        by_form: Each word and each other form, in small letters → its term.
        pattern: Finds the forms in a text, the longest first.
    """

    terms: tuple[Term, ...]
    by_form: Mapping[str, Term]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Misconception:
    """Something that people believe about ports and sockets.

    Attributes:
        belief: What people believe.
        so: What is true, and where it is seen, as HTML without a paragraph around it.
    """

    belief: str
    so: str


@dataclass(frozen=True, slots=True)
class Analogy:
    """A comparison that people use.

    Attributes:
        name: One or two words for it.
        title: What is compared with what.
        shows: What it shows rightly, as HTML without a paragraph around it.
        breaks: Where it misleads, as HTML without a paragraph around it.
        feeds: The numbers of the misconceptions that come from it.
    """

    name: str
    title: str
    shows: str
    breaks: str
    feeds: tuple[int, ...]

    @property
    def anchor(self) -> str:
        """Its name in a link."""
        return _anchor(self.name)


@dataclass(frozen=True, slots=True)
class Reference:
    """Glossary, misconceptions (number → misconception) and analogies."""

    glossary: Glossary
    misconceptions: Mapping[int, Misconception]
    analogies: tuple[Analogy, ...]


def glossary_of(terms: Collection[Term]) -> Glossary:
    """The glossary that some terms make."""
    ordered = tuple(sorted(terms, key=lambda term: term.word.lower()))
    by_form = {form.lower(): term for term in ordered for form in (term.word, *term.forms)}
    longest_first = "|".join(re.escape(form) for form in sorted(by_form, key=len, reverse=True))
    pattern = rf"(?<![\w-])(?:{longest_first})(?![\w-])" if by_form else r"(?!)"
    return Glossary(ordered, by_form, re.compile(pattern, re.IGNORECASE))


EMPTY = Reference(glossary_of(()), MappingProxyType({}), ())
"""Before anything is read."""


# --- from files to values -----------------------------------------------------------------------


def load_reference(root: Path) -> tuple[Reference, tuple[Problem, ...]]:
    """Read the three files of a folder of labs.

    A file that the folder does not have is the one that came along. The analogies that came along do not lead to
    misconceptions of the folder's own: their numbers mean others.

    Args:
        root: The folder.

    Returns:
        What can be read, and what is wrong with the rest.
    """
    places = {name: place_of(root, name) for name in FILES}
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for name, place in places.items():
        try:
            texts[name] = read_text(place, name)
        except LabError as error:
            problems.append(error.where)
            texts[name] = ""
    glossary, found = read_glossary(texts[GLOSSARY])
    problems += found
    misconceptions, found = read_misconceptions(texts[MISCONCEPTIONS])
    problems += found
    if places[MISCONCEPTIONS].parent != places[ANALOGIES].parent == folder("labs"):
        analogies, found = read_analogies(texts[ANALOGIES], None)
        analogies = tuple(replace(analogy, feeds=()) for analogy in analogies)
    else:
        analogies, found = read_analogies(texts[ANALOGIES], misconceptions)
    problems += found
    return Reference(glossary, misconceptions, analogies), tuple(problems)


def place_of(root: Path, name: str) -> Path:
    """Where one of the files of a folder is: in the folder, or else where those are that came along."""
    own = root / name
    return own if own.is_file() else folder("labs") / name


def read_glossary(text: str) -> tuple[Glossary, tuple[Problem, ...]]:
    """The terms of a glossary, and what is wrong with the others."""
    found, problems = entries(text, GLOSSARY)
    terms: list[tuple[Term, _Facts]] = []
    lines: dict[str, int] = {}
    for entry in found:
        try:
            term, facts = _term(entry, lines)
        except LabError as error:
            problems.append(error.where)
            continue
        lines |= {form.lower(): entry.line for form in (term.word, *term.forms)}
        terms.append((term, facts))
    words = [term.word for term, _ in terms]
    for term, facts in terms:
        for word in term.see:
            if word not in words:
                what = f"`see` names {word!r}, which has no entry."
                problems.append(Problem(GLOSSARY, facts["see"][1].line, what, suggestion(word, words)))
    kept = (replace(term, see=tuple(word for word in term.see if word in words)) for term, _ in terms)
    return glossary_of(tuple(kept)), tuple(problems)


def _term(entry: Entry, lines: Mapping[str, int]) -> tuple[Term, _Facts]:
    """A term, if none of its forms has a line already."""
    place = Place(GLOSSARY, entry.line)
    if entry.parts:
        Place(GLOSSARY, entry.parts[0].line).fail("A term has no headings below its own.", "Write one paragraph.")
    facts = _facts(entry, GLOSSARY, "term")
    term = Term(
        word=entry.title,
        means=_paragraph(entry, GLOSSARY),
        source=facts["source"][0] if "source" in facts else "",
        forms=_words(facts, "forms"),
        see=_words(facts, "see"),
    )
    if not term.anchor:
        place.fail(f"{term.word!r} has no letter or digit.", "Write the term behind the ##.")
    for form in (term.word, *term.forms):
        if form.lower() in lines:
            here = place if form == term.word else facts["forms"][1]
            here.fail(f"{form!r} belongs to the entry of line {lines[form.lower()]} too.", "Keep one of the two.")
    if term.anchor in {_anchor(word) for word in lines}:
        place.fail(f"A link to {term.word!r} would lead to another entry too.", "Choose another word.")
    return term, facts


def read_misconceptions(text: str) -> tuple[Mapping[int, Misconception], tuple[Problem, ...]]:
    """The misconceptions by number, and what is wrong. One without a text is kept: labs refer to its number."""
    found, problems = entries(text, MISCONCEPTIONS)
    numbered: dict[int, Misconception] = {}
    for entry in found:
        following = max(numbered, default=0) + 1
        title = _NUMBERED.fullmatch(entry.title)
        if title is None or int(title[1]) != following:
            what = f"This entry is not number {following}."
            instead = f"Write ## {following}. and what people believe. Numbers rise without a gap: labs refer to them."
            problems.append(Problem(MISCONCEPTIONS, entry.line, what, instead))
        if title is None or int(title[1]) in numbered:
            continue
        so = ""
        try:
            for line in (*(part.line for part in entry.parts), *(line for _, line in entry.items)):
                what = "A misconception has neither a list nor headings below its own."
                Place(MISCONCEPTIONS, line).fail(what, "Write one paragraph.")
            so = _paragraph(entry, MISCONCEPTIONS)
        except LabError as error:
            problems.append(error.where)
        numbered[int(title[1])] = Misconception(title[2], so)
    return numbered, tuple(problems)


def read_analogies(text: str, known: Collection[int] | None) -> tuple[tuple[Analogy, ...], tuple[Problem, ...]]:
    """The analogies, and what is wrong with the others.

    Args:
        text: The file.
        known: The numbers of the misconceptions; None: any number will do.
    """
    found, problems = entries(text, ANALOGIES)
    analogies: list[Analogy] = []
    for entry in found:
        try:
            analogy, place = _analogy(entry, known)
            if analogy.anchor in ("", *(other.anchor for other in analogies)):
                place.fail(f"`name` is {analogy.name!r}, which makes no link of its own.", "Choose another word.")
        except LabError as error:
            problems.append(error.where)
            continue
        analogies.append(analogy)
    return tuple(analogies), tuple(problems)


def _analogy(entry: Entry, known: Collection[int] | None) -> tuple[Analogy, Place]:
    """An analogy, and where its name stands."""
    place = Place(ANALOGIES, entry.line)
    if entry.paragraphs or entry.items:
        place.fail("Something stands above the parts of this analogy.", f"Put it below ### {SHOWS}")
    if tuple(part.title for part in entry.parts) != PARTS:
        place.fail("This analogy does not have its two parts.", f"Write ### {SHOWS} and then ### {BREAKS}")
    shows, breaks = entry.parts
    if shows.items:
        Place(ANALOGIES, shows.items[0][1]).fail("The list stands in the first part.", "Put it at the end.")
    facts = _facts(breaks, ANALOGIES, "analogy")
    analogy = Analogy(
        name=facts["name"][0],
        title=entry.title,
        shows=_paragraph(shows, ANALOGIES),
        breaks=_paragraph(breaks, ANALOGIES),
        feeds=_numbers(facts, "misconceptions", known),
    )
    return analogy, facts["name"][1]


# --- parts --------------------------------------------------------------------------------------

_Facts = Mapping[str, tuple[str, Place]]
"""Key → the text of a line `- key: text`, and where it stands."""


def _anchor(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _paragraph(entry: Entry, file: str) -> str:
    """The one paragraph of an entry, as HTML."""
    if not entry.paragraphs:
        Place(file, entry.line).fail(f"Nothing is said below {entry.title!r}.", "Write a paragraph.")
    if len(entry.paragraphs) > 1:
        Place(file, entry.paragraphs[1][1]).fail("This is a second paragraph.", "Join the two.")
    return entry.paragraphs[0][0]


def _facts(entry: Entry, file: str, context: str) -> _Facts:
    """The list of an entry: its keys are those of a context of ``KEYWORDS``."""
    table = KEYWORDS[context]
    found: dict[str, tuple[str, Place]] = {}
    for text, line in entry.items:
        place = Place(file, line)
        key, colon, value = text.partition(":")
        if not colon or not value.strip():
            place.fail(f"{text!r} is no `key: text`.", f"Lists hold these keys only: {', '.join(table)}.")
        if key not in table:
            place.fail(f"An entry has no key `{key}`.", suggestion(key, table))
        if key in found:
            place.fail(f"`{key}` stands twice here, first in line {found[key][1].line}.", "Keep one of the two.")
        found[key] = (value.strip(), place)
    for key, keyword in table.items():
        if keyword.required and key not in found:
            Place(file, entry.line).fail(f"This entry lacks the key `{key}`.", f"Add - {key}: …, {keyword.help}.")
    return found


def _words(facts: _Facts, key: str) -> tuple[str, ...]:
    """The words of a line, which commas separate."""
    text = facts[key][0] if key in facts else ""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(facts: _Facts, key: str, known: Collection[int] | None) -> tuple[int, ...]:
    """The numbers of a line, which commas separate."""
    numbers = []
    for word in _words(facts, key):
        if not word.isascii() or not word.isdigit():
            facts[key][1].fail(f"`{key}` has {word!r}.", f"Write numbers, separated by commas: - {key}: 1, 3")
        if known is not None and int(word) not in known:
            facts[key][1].fail(f"There is no misconception {word}.", f"Those of {MISCONCEPTIONS} have a number.")
        numbers.append(int(word))
    return tuple(numbers)
