from __future__ import annotations

from server.lessons.misconceptions import MISCONCEPTIONS


def test_there_are_sixteen_and_each_says_what_is_so() -> None:
    assert list(MISCONCEPTIONS) == list(range(1, 17))
    for misconception in MISCONCEPTIONS.values():
        assert misconception.belief.endswith((".", "?"))
        assert misconception.so.endswith(".")
