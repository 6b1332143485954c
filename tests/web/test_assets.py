"""A page's script and stylesheet: one answer each, compressed, and kept by who has them."""

from __future__ import annotations

import gzip
import re
import subprocess

import pytest

from server.folders import folder
from server.web import assets
from server.web.app import create_app
from server.web.assets import NAMES, asset
from tests.web.conftest import Server, assert_problem

PACKED = {"Accept-Encoding": "gzip, br"}
PAGES = ["/", "/play", "/labs", "/labs/01-port-or-socket", "/r/three-clients-one-port", "/no"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_one_script_and_one_stylesheet_and_they_may_be_kept(server: Server, path: str) -> None:
    page = server.ask("GET", path, headers={"Accept": "text/html"}).body.decode()
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    scripts = re.findall(r'<script type="module" src="([^"]+)"', page)
    assert len(sheets) == len(scripts) == 1
    for address, kind in ((sheets[0], "text/css"), (scripts[0], "text/javascript")):
        packed, plain = server.ask("GET", address, headers=PACKED), server.ask("GET", address)
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert gzip.decompress(packed.body) == plain.body
        for answer in (packed, plain):
            assert answer.headers["content-type"].startswith(kind)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "Accept-Encoding" in answer.headers["vary"]


def test_an_address_of_before_gets_what_there_is_now_and_does_not_keep_it(server: Server) -> None:
    answer = server.ask("GET", "/assets/0123456789ab/app.js")
    assert answer.body.decode() == asset("app.js").text
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.js", "..%2Fapp.js", "app.js%00", "fold.js", "app.css"])
def test_a_file_that_no_page_names_is_not_found(server: Server, name: str) -> None:
    assert_problem(server.ask("GET", f"/assets/0/{name}"), 404)


def test_stylesheets_hold_no_way_that_depends_on_where_they_lie() -> None:
    static = folder("static")
    for name in NAMES:
        if name.endswith(".css"):
            for address in re.findall(r"url\(\"?([^\")]+)", asset(name).text):
                assert (static / address.removeprefix("/static/")).is_file(), f"{name}: {address}"


def test_a_script_has_no_comments_and_all_of_its_text() -> None:
    for name in NAMES:
        if name.endswith(".js"):
            script = asset(name).text
            assert re.findall(r"@typedef|@param|^ *//.*", script, re.MULTILINE) == []
            assert subprocess.run(["node", "--check", "-"], input=script, text=True, check=False).returncode == 0


async def test_the_files_of_pages_are_made_before_the_server_answers() -> None:
    assets._made.cache_clear()
    app = create_app(lazy=False)
    async with app.router.lifespan_context(app):
        assert assets._made.cache_info().currsize == len(NAMES)
