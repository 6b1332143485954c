"""The browser's fixtures: the modules are tested where they run."""

from tests.browsing import browser, page, served

__all__ = ["browser", "page", "served"]
