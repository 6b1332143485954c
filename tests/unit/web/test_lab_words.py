"""Links of a lab's text into the glossary."""

from __future__ import annotations

import pytest

from server.web.lab_words import linked


def test_a_word_leads_into_the_glossary_once() -> None:
    seen: set[str] = set()
    html = linked("<p>A socket has a port, and two sockets may share one.</p>", seen)
    assert html.count('href="/glossary#socket"') == 1
    assert html.count('href="/glossary#port"') == 1
    assert linked("<p>Another socket.</p>", seen) == "<p>Another socket.</p>"


def test_the_longest_term_wins() -> None:
    assert "#listening-socket" in linked("<p>the listening socket</p>", set())


@pytest.mark.parametrize(
    "html", ["<code>socket()</code>", '<a href="/x">socket</a>', "<pre>port</pre>", "<p>import socketry</p>"]
)
def test_code_links_and_other_words_are_left_alone(html: str) -> None:
    assert linked(html, set()) == html


def test_markup_of_a_lab_stays_text() -> None:
    assert linked("<p>&lt;script&gt; port</p>", set()).startswith("<p>&lt;script&gt; <a")
