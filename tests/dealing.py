"""In which order parallel workers run the tests, so that none of them is left alone with the long ones.

pytest-xdist gives each worker as many neighbouring tests as the others, and who is done takes over half of what another
has left, from its end. In the order of the folders one worker gets every test in the browser and another only pure
tests. So each kind is dealt out by itself, the long ones first: a worker's share is some tests of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TypeVar

T = TypeVar("T")


def dealt(tests: Sequence[T], kind: Callable[[T], int], workers: int) -> list[T]:
    """The tests in another order: share after share, in each the kinds in their order.

    Args:
        tests: In the order in which one process would run them.
        kind: What a test is; those of the lowest number come first in each share.
        workers: How many shares there are.
    """
    kinds = [[test for test in tests if kind(test) == number] for number in sorted(set(map(kind, tests)))]
    shares = [[one[len(one) * i // workers : len(one) * (i + 1) // workers] for one in kinds] for i in range(workers)]
    return list(chain.from_iterable(chain.from_iterable(shares)))
