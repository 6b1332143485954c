"""Links of a lab's text into the glossary."""

from __future__ import annotations

import pytest

from server.folders import folder
from server.lessons.reference import load_reference
from server.web.lab_words import linked

GLOSSARY = load_reference(folder("labs"))[0].glossary


def test_a_word_leads_into_the_glossary_once() -> None:
    seen: set[str] = set()
    html = linked("<p>A socket has a port, and two sockets may share one.</p>", GLOSSARY, seen)
    assert html.count('href="/glossary#socket"') == 1
    assert html.count('href="/glossary#port"') == 1
    assert linked("<p>Another socket.</p>", GLOSSARY, seen) == "<p>Another socket.</p>"


def test_the_longest_term_wins() -> None:
    assert "#listening-socket" in linked("<p>the listening socket</p>", GLOSSARY, set())


def test_a_state_is_written_in_capitals() -> None:
    html = linked("<p>It listens, then it is closed. Its state is CLOSED, and before that LISTEN.</p>", GLOSSARY, set())
    assert html.count("<a ") == 2
    assert html.index("then it is closed") < html.index("#closed") < html.index("#listen")


@pytest.mark.parametrize(
    "html", ["<code>socket()</code>", '<a href="/x">socket</a>', "<pre>port</pre>", "<p>import socketry</p>"]
)
def test_code_links_and_other_words_are_left_alone(html: str) -> None:
    assert linked(html, GLOSSARY, set()) == html


def test_markup_of_a_lab_stays_text() -> None:
    assert linked("<p>&lt;script&gt; port</p>", GLOSSARY, set()).startswith("<p>&lt;script&gt; <a")
