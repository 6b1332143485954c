"""What all tests share: fixtures of the real kernel, a database of their own, and the marks by folder."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

from server.sessions.zygote import Zygote
from tests import dealing, purity
from tests.laboratory import Laboratory, laboratory

BROWSERS = tuple(Path(__file__).parent / name for name in ("browser", "engines"))
JUDGE = Path(__file__).parent / "judge"
"""The tests that only `make judge` runs."""

# What learners do in tests is kept apart from what the person who runs them has done.
_state = tempfile.TemporaryDirectory(prefix="socketlab-tests-", ignore_cleanup_errors=True)
atexit.register(_state.cleanup)
os.environ["SOCKETLAB_DATABASE"] = f"sqlite:///{_state.name}/progress.sqlite3"

# A busy machine is no finding.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, before ``-m`` chooses among them."""
    for item in items:
        if purity.is_pure(item):
            item.add_marker(pytest.mark.pure)
        if item.path.is_relative_to(JUDGE):
            item.add_marker(pytest.mark.judge)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker: deal out what was chosen, before the worker says what it has found."""
    told = getattr(session.config, "workerinput", None)
    if told is not None:
        session.items[:] = dealing.dealt(session.items, _kind, told["workercount"])


def _kind(item: pytest.Item) -> int:
    """The tests in the browser last longest, and the pure ones no time at all."""
    return 0 if any(map(item.path.is_relative_to, BROWSERS)) else 2 if item.get_closest_marker("pure") else 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold a pure test to it."""
    if item.get_closest_marker("pure") is None:
        return (yield)
    with purity.watched(item.nodeid):
        return (yield)


@pytest_asyncio.fixture
async def zygote() -> AsyncIterator[Zygote]:
    """The pre-loaded parent of the test's sandboxes."""
    zygote = Zygote()
    zygote.start()
    try:
        yield zygote
    finally:
        await zygote.close()


@pytest_asyncio.fixture
async def lab(zygote: Zygote) -> AsyncIterator[Laboratory]:
    """A sandbox of the default three hosts, in live pace."""
    async with laboratory(zygote) as lab:
        yield lab


@pytest_asyncio.fixture
async def stepped(zygote: Zygote) -> AsyncIterator[Laboratory]:
    """A sandbox of the default three hosts, in step pace."""
    async with laboratory(zygote, pace="step") as lab:
        yield lab
