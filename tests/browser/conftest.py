"""The browser's fixtures."""

from tests.browsing import browser, page, served

__all__ = ["browser", "page", "served"]
