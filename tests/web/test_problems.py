"""Bad input: a problem document each, never a 500."""

from __future__ import annotations

import pytest

from tests.web.conftest import Sandbox, Server, assert_problem

NO_JSON = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"{}x", b"[" * 60_000, b'{"a":' * 10_000]


@pytest.mark.parametrize("body", NO_JSON, ids=range(len(NO_JSON)))
def test_a_body_that_is_no_command(sandbox: Sandbox, body: bytes) -> None:
    assert_problem(sandbox.ask("POST", "/commands", body), 422)


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"command": "nothing.do"},
        {"command": 7},
        {"command": "pace.set"},
        {"command": "pace.set", "pace": "fast"},
        {"command": "pace.set", "pace": "live", "ref": 1},
        {"command": "pace.set", "pace": "slow", "pause_ms": -1},
        {"command": "process.start", "host": "server"},
        {"command": "process.start", "host": "Server", "argv": ["true"]},
        {"command": "process.start", "host": "server", "argv": []},
        {"command": "process.start", "host": "server", "argv": ["a\0b"]},
        {"command": "process.start", "host": "server", "argv": "true"},
        {"command": "process.start", "host": "server", "program": "unknown"},
        {"command": "process.start", "host": "server", "argv": ["/no/such/program"]},
        {"command": "process.signal", "pid": "1", "signal": "TERM"},
        {"command": "process.signal", "pid": 1, "signal": "SEGV"},
        {"command": "wire.set", "loss": 2},
        {"command": "sysctl.set", "host": "server", "name": "kernel.hostname", "value": "1"},
        {"command": "host.add", "name": "x", "addresses": ["nowhere"]},
        {"command": "sandbox.close"},
    ],
)
def test_a_command_that_is_wrong(sandbox: Sandbox, command: dict[str, object]) -> None:
    assert_problem(sandbox.ask("POST", "/commands", command), 422)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"hosts": 7}',
        b'{"hosts": []}',
        b'{"hosts": [{}]}',
        b'{"hosts": [{"name": "a", "addresses": ["x"]}]}',
        b'{"hosts": [{"name": "a", "addresses": ["10.0.0.4/24"], "more": 1}]}',
        b'{"pace": "fast"}',
        b'{"unknown": 1}',
        b'{"hosts": ' + b"[" * 30_000,
    ],
)
def test_a_sandbox_that_cannot_be_made(server: Server, body: bytes) -> None:
    assert_problem(server.ask("POST", "/api/sandboxes", body), 422)


def test_too_many_hosts(server: Server) -> None:
    hosts = [{"name": f"h{number}", "addresses": [f"10.0.0.{number}/24"]} for number in range(1, 10)]
    assert_problem(server.ask("POST", "/api/sandboxes", {"hosts": hosts}), 429)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "9" * 30])
def test_a_seq_that_is_none(sandbox: Sandbox, after: str) -> None:
    assert_problem(sandbox.ask("GET", f"/events?after={after}"), 422)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/static/nothing.js", "/static/../pyproject.toml"])
def test_what_is_not_there(server: Server, path: str) -> None:
    assert_problem(server.ask("GET", path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/sandboxes", "POST"),
        ("POST", "/healthz", "GET"),
        ("TRACE", "/api/capabilities", "GET"),
    ],
)
def test_methods_that_are_not_answered(server: Server, method: str, path: str, allowed: str) -> None:
    answer = server.ask(method, path)
    assert allowed in assert_problem(answer, 405)["hint"]
    assert answer.headers["allow"] == allowed


def test_a_browser_gets_a_page_and_a_program_a_document(server: Server) -> None:
    page = server.ask("GET", "/nothing", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.status == 404
    assert page.headers["content-type"].startswith("text/html")
    assert_problem(server.ask("GET", "/nothing"), 404)
    assert_problem(server.ask("GET", "/api/nothing", headers={"Accept": "text/html"}), 404)


@pytest.mark.parametrize("text", [b"GET /\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_does_not_hurt(server: Server, text: bytes) -> None:
    import socket

    with socket.create_connection((server.host, server.port), 10) as connection:
        connection.sendall(text)
        connection.recv(100)
    assert server.ask("GET", "/healthz").status == 200
