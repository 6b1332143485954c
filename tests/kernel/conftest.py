"""Every log of every test of this folder keeps the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from server.sessions.zygote import Zygote
from tests.kernel.rules import broken
from tests.laboratory import Laboratory, laboratory


@pytest_asyncio.fixture
async def lab(zygote: Zygote) -> AsyncIterator[Laboratory]:
    """A sandbox of the default three hosts, in live pace; its log is checked afterwards."""
    async with laboratory(zygote) as lab:
        yield lab
        lab.catch_up()
    assert broken(lab.events) == []


@pytest_asyncio.fixture
async def stepped(zygote: Zygote) -> AsyncIterator[Laboratory]:
    """A sandbox of the default three hosts, in step pace; its log is checked afterwards."""
    async with laboratory(zygote, pace="step") as lab:
        yield lab
        lab.catch_up()
    assert broken(lab.events) == []
