"""Fixtures for every test that needs the real kernel."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import AsyncIterator

import pytest_asyncio

from server.sessions.sandboxes import Zygote
from tests.laboratory import Laboratory, laboratory

# What learners do in tests is kept apart from what the person who runs them has done.
_state = tempfile.TemporaryDirectory(prefix="socketlab-tests-", ignore_cleanup_errors=True)
atexit.register(_state.cleanup)
os.environ["SOCKETLAB_DATABASE"] = f"sqlite:///{_state.name}/progress.sqlite3"


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
