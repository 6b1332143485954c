"""static/js/words/syscalls.js is what docs/syscalls_js.py makes of the table of system calls now."""

from __future__ import annotations

from docs import syscalls_js


def test_the_facts_are_those_of_the_table() -> None:
    assert syscalls_js.TARGET.read_text() == syscalls_js.render(), "run: make docs"
