"""The glossary holds together, and the analogies break."""

from __future__ import annotations

import pytest

from server.lessons.misconceptions import MISCONCEPTIONS
from server.web.glossary import ANALOGIES, GLOSSARY, Analogy, Term

WORDS = {term.word for term in GLOSSARY}


def test_it_is_in_the_order_of_the_alphabet() -> None:
    words = [term.word.lower() for term in GLOSSARY]
    assert words == sorted(words)


def test_no_word_leads_to_two_entries() -> None:
    forms = [form.lower() for term in GLOSSARY for form in (term.word, *term.forms)]
    assert len(forms) == len(set(forms))
    assert len({term.anchor for term in GLOSSARY}) == len(GLOSSARY)


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.anchor)
def test_each_says_what_it_means_and_leads_on(term: Term) -> None:
    assert term.means.endswith(".")
    assert set(term.see) <= WORDS


@pytest.mark.parametrize("analogy", ANALOGIES, ids=lambda analogy: analogy.anchor)
def test_each_analogy_helps_and_breaks(analogy: Analogy) -> None:
    assert analogy.helps.endswith(".")
    assert len(analogy.breaks) > len("It breaks somewhere.")
    assert set(analogy.settles) <= set(MISCONCEPTIONS)
    assert analogy.settles


def test_every_belief_that_a_picture_feeds_is_named_once() -> None:
    assert len({analogy.anchor for analogy in ANALOGIES}) == len(ANALOGIES)
