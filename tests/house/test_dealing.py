"""How the tests are dealt out to workers: all of them, once, and to each worker some of each kind."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.dealing import dealt


@given(st.lists(st.sampled_from("abc")), st.integers(1, 5))
def test_each_share_has_its_part_of_each_kind(kinds: list[str], workers: int) -> None:
    tests = list(enumerate(kinds))
    order = dealt(tests, lambda test: "abc".index(test[1]), workers)
    assert sorted(order) == tests
    for kind, number in Counter(kinds).items():
        places = [index for index, test in enumerate(order) if test[1] == kind]
        runs = 1 + sum(1 for one, other in pairwise(places) if other != one + 1)
        assert runs <= workers
        assert [test for test in order if test[1] == kind] == [test for test in tests if test[1] == kind]
        assert number == len(places)


def test_a_share_begins_with_the_long_ones() -> None:
    tests = [*["fast"] * 6, *["long"] * 4]
    assert dealt(tests, lambda test: ["long", "fast"].index(test), 2) == (["long"] * 2 + ["fast"] * 3) * 2
