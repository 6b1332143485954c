"""What fills the slots of a sentence."""

from __future__ import annotations

import pytest

from server.story.slots import address_words, last_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\ntwo\n", "two"),
        ("\x1b[31mred\x1b[0m\r\n", "[31mred [0m"),
        ("\n \t\n", ""),
        ("x" * 200, "x" * 120),
    ],
)
def test_the_last_line_is_said_without_what_a_terminal_obeys(text: str, line: str) -> None:
    assert last_line(text) == line


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.0.0.4:7", "10.0.0.4, port 7"),
        ("[fd00::4]:80", "fd00::4, port 80"),
        ("[::ffff:10.0.0.4]:80", "10.0.0.4, port 80"),
        ("0.0.0.0:0", "every address of this host, any free port"),
        ("/tmp/a:7", "/tmp/a:7"),
        ("AF_UNSPEC", "AF_UNSPEC"),
        (None, ""),
    ],
)
def test_an_address_is_said_as_people_say_it(address: str | None, said: str) -> None:
    assert address_words(address) == said
