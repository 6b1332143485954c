"""Tokens, origins, names, sizes and headers."""

from __future__ import annotations

import json
import socket

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from server.web.cookies import VisitorCookies
from server.web.security import CONTENT_SECURITY_POLICY, HEADERS, allowed_hosts_for
from tests.web.conftest import Answer, Sandbox, Server, assert_problem


def test_without_token_there_is_401_whether_or_not_the_sandbox_is_there(server: Server, sandbox: Sandbox) -> None:
    for path in (sandbox.path, "/api/sandboxes/0000000000"):
        for method, tail in [("GET", ""), ("GET", "/events"), ("POST", "/commands"), ("DELETE", "")]:
            answer = server.ask(method, path + tail)
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_token_learns_nothing(server: Server, sandbox: Sandbox) -> None:
    with server.sandbox() as other:
        for token in (other.token, "x", sandbox.token[:-1], sandbox.token + "x", "ä"):
            headers = {"Authorization": f"Bearer {token}".encode("latin-1").decode("latin-1")}
            there = server.ask("GET", sandbox.path, headers=headers)
            missing = server.ask("GET", "/api/sandboxes/0000000000", headers=headers)
            problem = assert_problem(there, 404)
            assert problem["detail"].replace(sandbox.id, "0000000000") == assert_problem(missing, 404)["detail"]
        assert_problem(server.ask("DELETE", sandbox.path, headers={"Authorization": f"Bearer {other.token}"}), 404)
    assert sandbox.ask("GET").status == 200


def test_the_cookie_of_the_creation_opens_its_own_sandbox_only(server: Server) -> None:
    answer = server.ask("POST", "/api/sandboxes")
    made = answer.json()
    with Sandbox(server, made["id"], made["token"]), server.sandbox() as other:
        mine = next(cookie for cookie in answer.cookies if cookie.startswith(f"socketlab-{made['id']}="))
        assert {part.strip().lower() for part in mine.split(";")[1:]} >= {"httponly", "samesite=strict", "path=/"}
        headers = {"Cookie": mine.partition(";")[0]}
        assert server.ask("GET", f"/api/sandboxes/{made['id']}", headers=headers).status == 200
        assert_problem(server.ask("GET", other.path, headers=headers), 401)


def test_a_visitor_has_as_many_sandboxes_as_one_may_have_whatever_cookies_are_sent() -> None:
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="2", SOCKETLAB_SANDBOXES_PER_ADDRESS="5") as server:
        first = server.ask("POST", "/api/sandboxes")
        visitor = next(cookie for cookie in first.cookies if cookie.startswith("socketlab-visitor="))
        known = {"Cookie": visitor.partition(";")[0]}
        invented = {"Cookie": "socketlab-visitor=me.123456"}
        assert server.ask("POST", "/api/sandboxes", headers=invented).status == 201
        problem = assert_problem(server.ask("POST", "/api/sandboxes", headers=invented), 429)
        assert "2" in problem["detail"]
        assert server.ask("POST", "/api/sandboxes", headers=known).status == 201
        assert not any("visitor" in cookie for cookie in server.ask("POST", "/api/sandboxes", headers=known).cookies)
        assert_problem(server.ask("POST", "/api/sandboxes", headers=known), 429)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_origins_cannot_act(server: Server, sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert_problem(server.ask("POST", "/api/sandboxes", headers=headers), 403)
    own = headers | {"Authorization": f"Bearer {sandbox.token}"}
    assert_problem(server.ask("POST", sandbox.path + "/commands", b"{}", own), 403)
    assert_problem(server.ask("DELETE", sandbox.path, headers=own), 403)
    with pytest.raises(InvalidStatus) as refusal, sandbox.stream(additional_headers=own):
        pass
    assert refusal.value.response.status_code == 403
    assert json.loads(refusal.value.response.body or b"")["status"] == 403


def test_our_own_page_can_act(server: Server) -> None:
    headers = {"Origin": server.address, "Sec-Fetch-Site": "same-origin"}
    with server.sandbox(None, **headers) as sandbox, sandbox.stream(origin=server.address) as stream:
        assert json.loads(stream.recv(10))[0]["seq"] == 1


def test_a_foreign_name_is_refused(server: Server) -> None:
    for name in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", ""):
        assert_problem(server.ask("GET", "/healthz", headers={"Host": name}), 403)
    for name in ("localhost", f"localhost:{server.port}", "127.0.0.1", f"[::1]:{server.port}"):
        assert server.ask("GET", "/healthz", headers={"Host": name}).status == 200


def test_which_names_a_server_answers_to() -> None:
    assert allowed_hosts_for("127.0.0.1") == {"127.0.0.1", "localhost", "[::1]"}
    assert allowed_hosts_for("::1") == {"127.0.0.1", "localhost", "[::1]"}
    assert "127.0.0.5" in (allowed_hosts_for("127.0.0.5") or ())
    assert allowed_hosts_for("0.0.0.0") is None
    assert allowed_hosts_for("lab.example") is None
    assert allowed_hosts_for("127.0.0.1", "*") is None
    assert "lab.example" in (allowed_hosts_for("127.0.0.1", " Lab.example, other") or ())
    assert allowed_hosts_for("0.0.0.0", "lab.example") == {"lab.example", "0.0.0.0", "127.0.0.1", "localhost", "[::1]"}


_PATHS = ["/", "/play", "/healthz", "/nothing", "/static/js/log/fold.js", "/openapi.json", "/api/x"]


@pytest.mark.parametrize("path", _PATHS)
def test_every_answer_carries_the_headers(server: Server, path: str) -> None:
    answer = server.ask("GET", path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "server" not in answer.headers
    assert answer.headers["cache-control"] == ("no-store" if path.startswith("/api/") else "no-cache")
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_the_body_of_a_request_is_limited(server: Server, sandbox: Sandbox) -> None:
    assert_problem(sandbox.ask("POST", "/commands", b" " * 65_537), 413)
    assert_problem(server.ask("POST", "/api/sandboxes", b"{" * 10_000_000), 413)
    assert_problem(sandbox.ask("POST", "/commands", b" " * 65_536), 422)


def test_a_body_of_unsaid_length_is_limited_too(server: Server) -> None:
    with socket.create_connection((server.host, server.port), 20) as connection:
        head = f"POST /api/sandboxes HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(9):
            connection.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_the_stream_takes_its_token_in_four_ways(server: Server, sandbox: Sandbox) -> None:
    address = f"ws://{server.host}:{server.port}{sandbox.path}/stream"
    with connect(f"{address}?token={sandbox.token}") as stream:
        assert stream.subprotocol is None
        assert json.loads(stream.recv(10))[0]["seq"] == 1
    with connect(address, subprotocols=["socketlab", f"socketlab.{sandbox.token}"]) as stream:  # type: ignore[list-item]
        assert stream.subprotocol == "socketlab"
        assert json.loads(stream.recv(10))[0]["seq"] == 1
    with connect(address, subprotocols=[f"socketlab.{sandbox.token}"]) as stream:  # type: ignore[list-item]
        assert stream.subprotocol == f"socketlab.{sandbox.token}"
    with connect(address, additional_headers={"Cookie": f"socketlab-{sandbox.id}={sandbox.token}"}) as stream:
        assert json.loads(stream.recv(10))[0]["seq"] == 1
    with connect(address, additional_headers={"Authorization": f"Bearer {sandbox.token}"}) as stream:
        assert json.loads(stream.recv(10))[0]["seq"] == 1


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?token=wrong", 404), ("?token=", 401)])
def test_the_stream_opens_to_nobody_else(server: Server, sandbox: Sandbox, query: str, status: int) -> None:
    with (
        pytest.raises(InvalidStatus) as refusal,
        connect(f"ws://{server.host}:{server.port}{sandbox.path}/stream{query}"),
    ):
        pass
    response = refusal.value.response
    assert_problem(Answer(response.status_code, response.headers, response.body or b""), status)


def test_visitor_cookies_cannot_be_made_up() -> None:
    ours, others = VisitorCookies(), VisitorCookies()
    cookie = ours.new()
    assert ours.name_in(cookie) == cookie.partition(".")[0]
    assert not others.name_in(cookie)
    for made_up in ("x" + cookie, cookie + "x", "", ".", "ä.ö"):
        assert not ours.name_in(made_up)
    assert cookie != ours.new()
