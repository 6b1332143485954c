"""What a first visit costs: bytes and requests, counted by the browser itself with an empty cache."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import opened
from tests.web.conftest import Server

MOST_BYTES = 200_000
MOST_REQUESTS = 25


@pytest.mark.parametrize("path", ["/", "/play", "/labs/01-port-or-socket"])
def test_a_first_visit_is_small(browser: Browser, served: Server, path: str) -> None:
    with opened(browser, served) as page:
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: dict[str, float] = {}
        asked: dict[str, str] = {}

        def sent(event: dict[str, Any]) -> None:
            if not event["request"]["url"].startswith("data:"):
                asked[event["requestId"]] = event["request"]["url"]

        network.on("Network.requestWillBeSent", sent)
        network.on(
            "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]})
        )
        page.goto(path)
        page.evaluate("document.fonts.ready")
        if path == "/play":
            expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
        page.wait_for_load_state("networkidle")
        told = "\n".join(f"{sizes.get(key, 0):>8.0f} {url}" for key, url in asked.items())
        print(f"{path}: {sum(sizes.values()):.0f} bytes in {len(asked)} requests\n{told}")
        assert sum(sizes.values()) < MOST_BYTES, told
        assert len(asked) <= MOST_REQUESTS, told
