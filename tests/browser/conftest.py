"""The browser's fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import browser, opened, page, served
from tests.web.conftest import Server

__all__ = ["browser", "page", "served"]


@pytest.fixture
def desk(browser: Browser, served: Server) -> Iterator[Page]:
    """A desktop page that waits as long as a run may take."""
    with opened(browser, served) as page:
        yield page
