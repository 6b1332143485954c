"""Fixtures for every test that needs the real kernel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from server.sessions.sandboxes import Zygote
from tests.laboratory import Laboratory, laboratory


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
