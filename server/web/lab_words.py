"""Where the text of a lab leads into the glossary. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from server.lessons.reference import Glossary, Term

_TAG = re.compile(r"(<[^>]*>)")
_CLOSED_TO_LINKS = ("a", "code", "pre", "h1", "h2", "h3")


def linked(html: str, glossary: Glossary, seen: set[str]) -> Markup:
    """HTML of a lab in which each word of the glossary is a link where it stands for the first time.

    Args:
        html: Made from Markdown, so that it holds no other markup than ours.
        glossary: The words.
        seen: The words that are links already; the new ones are added.
    """
    return Markup("".join(_linked_pieces(html, glossary, seen)))


def _linked_pieces(html: str, glossary: Glossary, seen: set[str]) -> Iterator[str]:
    closed = 0
    for piece in _TAG.split(html):
        if piece.startswith("<"):
            name = piece.strip("</>").split(" ")[0]
            if name in _CLOSED_TO_LINKS:
                closed += -1 if piece.startswith("</") else 1
            yield piece
        else:
            yield piece if closed else glossary.pattern.sub(lambda found: _link(found, glossary, seen), piece)


def _link(found: re.Match[str], glossary: Glossary, seen: set[str]) -> str:
    term = glossary.by_form[found[0].lower()]
    if term.anchor in seen or not _as_written(found[0], term):
        return found[0]
    seen.add(term.anchor)
    return f'<a class="term" href="/glossary#{term.anchor}">{found[0]}</a>'


def _as_written(word: str, term: Term) -> bool:
    """Whether a word is the term: LISTEN and CLOSED are states, "listen" and "closed" are ordinary words."""
    form = next(form for form in (term.word, *term.forms) if form.lower() == word.lower())
    return word == form or not form.isupper()
