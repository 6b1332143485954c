"""A class behind one network address: many who have never been here begin at the same time, and nobody is refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.learner import Learner
from tests.web.conftest import Server

NEWCOMERS = 40
"""A class: far more than the sandboxes that one visitor may have."""
LAB = "01-port-or-socket"


@pytest.fixture(scope="module")
def strict() -> Iterator[Server]:
    """A server with the limits that it has by default."""
    with Server() as server:
        yield server


@pytest.mark.timeout(300)
def test_newcomers_behind_one_address_all_get_a_lab(strict: Server) -> None:
    learners = [Learner(strict) for _ in range(NEWCOMERS)]

    def begin(learner: Learner) -> str:
        learner.begin(LAB)
        return learner.act("lab.start", 1)

    with ThreadPoolExecutor(NEWCOMERS) as class_:
        refusals = list(class_.map(begin, learners))
        assert refusals == [""] * NEWCOMERS
        list(class_.map(lambda learner: learner.until("it is live", lambda: learner.state["mood"] == "live"), learners))
    assert len({learner.state["sandbox"] for learner in learners}) == NEWCOMERS
    for learner in learners:
        learner.close()
        learner.post("/progress/delete")


def test_who_opens_the_playground_is_a_visitor_before_the_first_sandbox(strict: Server) -> None:
    made = []
    for _ in range(NEWCOMERS):
        (cookie,) = strict.ask("GET", "/play").cookies
        made.append(strict.sandbox(None, Cookie=cookie.partition(";")[0]))
    assert len({sandbox.id for sandbox in made}) == NEWCOMERS
    for sandbox in made:
        sandbox.ask("DELETE")
