"""Where the text of a lab leads into the glossary. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from server.web.glossary import GLOSSARY, Term

_TAG = re.compile(r"(<[^>]*>)")
_CLOSED_TO_LINKS = ("a", "code", "pre", "h1", "h2", "h3")


def linked(html: str, seen: set[str]) -> Markup:
    """HTML of a lab in which each word of the glossary is a link where it stands for the first time.

    Args:
        html: Made from Markdown, so that it holds no other markup than ours.
        seen: The words that are links already; the new ones are added.
    """
    return Markup("".join(_linked_pieces(html, seen)))


def _linked_pieces(html: str, seen: set[str]) -> Iterator[str]:
    closed = 0
    for piece in _TAG.split(html):
        if piece.startswith("<"):
            name = piece.strip("</>").split(" ")[0]
            if name in _CLOSED_TO_LINKS:
                closed += -1 if piece.startswith("</") else 1
            yield piece
        else:
            yield piece if closed else _WORDS.sub(lambda found: _link(found, seen), piece)


def _link(found: re.Match[str], seen: set[str]) -> str:
    term = _TERMS[found[0].lower()]
    if term.anchor in seen:
        return found[0]
    seen.add(term.anchor)
    return f'<a class="term" href="/glossary#{term.anchor}">{found[0]}</a>'


_TERMS: dict[str, Term] = {word.lower(): term for term in GLOSSARY for word in (term.word, *term.forms)}
_WORDS = re.compile(
    rf"(?<![\w-])(?:{'|'.join(re.escape(word) for word in sorted(_TERMS, key=len, reverse=True))})(?![\w-])",
    re.IGNORECASE,
)
