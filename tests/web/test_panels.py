"""Panels over HTTP: the source of lab programs."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from server.folders import folder
from tests.web.conftest import Server, assert_problem


def test_the_source_of_a_program_is_that_of_the_real_file(server: Server) -> None:
    answer = server.ask("GET", "/panels/source?file=/labs/programs/echo_server.py")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body == (folder("labs") / "programs" / "echo_server.py").read_bytes()


@pytest.mark.parametrize(
    "file", ["/labs/../server/__init__.py", "/etc/passwd", "/labs/programs/..%2f../pyproject.toml", "/labs", "\0.py"]
)
def test_nothing_else_is_read(server: Server, file: str) -> None:
    for name in (quote(file, safe=""), quote(quote(file, safe=""), safe="")):
        assert_problem(server.ask("GET", f"/panels/source?file={name}"), 404)


def test_without_a_file_there_is_nothing(server: Server) -> None:
    assert_problem(server.ask("GET", "/panels/source"), 422)
