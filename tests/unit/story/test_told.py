"""How the parts of events are named."""

from __future__ import annotations

import pytest

from server.story.told import connection


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("10.0.0.5:40", "10.0.0.4:7", "10.0.0.4:7 10.0.0.5:40"),
        ("10.0.0.4:7", "10.0.0.5:40", "10.0.0.4:7 10.0.0.5:40"),
        ("[::ffff:10.0.0.4]:7", "[::ffff:10.0.0.5]:40", "10.0.0.4:7 10.0.0.5:40"),
        ("*:7", "*:*", ""),
    ],
)
def test_both_ends_of_a_connection_have_one_name(one: str, other: str, name: str) -> None:
    assert connection(one, other) == name
