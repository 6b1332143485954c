"""static/js/log/fields.js is what docs/fields_js.py makes of the vocabulary now."""

from __future__ import annotations

from docs import fields_js


def test_the_fields_are_those_of_the_events() -> None:
    assert fields_js.TARGET.read_text() == fields_js.render(), "run: make docs"
