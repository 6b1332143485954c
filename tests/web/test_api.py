"""The HTTP API against a real server, each route."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from server.events import decode_entry
from server.state import fold, initial
from tests.web.conftest import Sandbox, Server, assert_problem


def test_health(server: Server) -> None:
    answer = server.ask("GET", "/healthz")
    assert (answer.status, answer.json()) == (200, {"status": "ok"})


def test_capabilities_are_what_the_doctor_finds(server: Server) -> None:
    found = server.ask("GET", "/api/capabilities").json()
    assert found["ok"] is True
    assert {"user namespaces", "ptrace"} <= {check["name"] for check in found["checks"]}


def test_a_sandbox_is_made_with_three_hosts(server: Server) -> None:
    answer = server.ask("POST", "/api/sandboxes")
    made = answer.json()
    assert answer.status == 201
    assert answer.headers["location"] == f"/api/sandboxes/{made['id']}"
    assert made["hosts"] == [
        {"name": "server", "addresses": ["10.0.0.4/24"]},
        {"name": "client-a", "addresses": ["10.0.0.5/24"]},
        {"name": "client-b", "addresses": ["10.0.0.6/24"]},
    ]
    assert made["stream"] == f"/api/sandboxes/{made['id']}/stream"
    assert len(made["token"]) >= 32
    assert Sandbox(server, made["id"], made["token"]).ask("DELETE").status == 204


def test_a_sandbox_has_the_hosts_and_the_pace_that_were_asked_for(server: Server) -> None:
    hosts = [{"name": "left", "addresses": ["10.7.0.1/24", "fd00::1/64"]}, {"name": "right", "addresses": ["10.7.0.2"]}]
    with server.sandbox({"hosts": hosts, "pace": "step"}) as sandbox:
        state = sandbox.ask("GET").json()["state"]
        assert state["pace"] == "step"
        assert state["hosts"]["left"]["addresses"] == ["10.7.0.1/24", "fd00::1/64"]
        assert state["hosts"]["right"]["addresses"] == ["10.7.0.2/24"]


def test_the_state_is_the_fold_of_the_events(sandbox: Sandbox) -> None:
    sandbox.command("wire.set", delay_ms=3)
    sandbox.command("process.start", host="server", argv=["true"])
    events = sandbox.ask("GET", "/events")
    assert events.headers["content-type"] == "application/x-ndjson"
    expected = initial()
    for line in events.body.splitlines():
        fold(expected, decode_entry(line))
    answer = sandbox.ask("GET").json()
    assert answer["id"] == sandbox.id
    assert answer["seq"] >= expected["seq"] > 5
    if answer["seq"] == expected["seq"]:
        assert answer["state"] == expected


def test_events_go_on_after_a_seq(sandbox: Sandbox) -> None:
    for delay in range(1, 20):
        sandbox.command("wire.set", delay_ms=delay)
    events = sandbox.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert sandbox.events(10) == events[10:]
    assert sandbox.events(len(events)) == []
    assert sandbox.events(10**9) == []


def test_a_program_speaks_and_can_be_spoken_to(sandbox: Sandbox) -> None:
    pid = sandbox.command("process.start", host="server", argv=["cat"])["pid"]
    sandbox.command("process.input", pid=pid, text="grüße\n", end=True)
    with sandbox.stream() as stream:
        said = ""
        while "grüße\n" not in said:
            for event in json.loads(stream.recv(10)):
                if event["type"] == "process.output" and event["pid"] == pid:
                    said += event["text"]


def test_refused_commands_are_problems_and_are_logged(sandbox: Sandbox) -> None:
    answer = sandbox.ask("POST", "/commands", {"command": "process.signal", "pid": 999, "signal": "TERM"})
    problem = assert_problem(answer, 404)
    refused = [event for event in sandbox.events() if event["type"] == "command.refused"]
    assert [(event["command"], event["detail"]) for event in refused] == [("process.signal", problem["detail"])]


def test_the_capture_opens_in_tshark(sandbox: Sandbox, tmp_path: Path) -> None:
    pid = sandbox.command("process.start", host="client-a", argv=["python3", "-c", _ONE_DATAGRAM])["pid"]
    with sandbox.stream() as stream:
        ended = False
        while not ended:
            events = json.loads(stream.recv(10))
            ended = any(event["type"] == "process.exited" and event["pid"] == pid for event in events)
    answer = sandbox.ask("GET", "/capture.pcapng")
    assert answer.headers["content-type"] == "application/x-pcapng"
    assert sandbox.id in answer.headers["content-disposition"]
    file = tmp_path / "capture.pcapng"
    file.write_bytes(answer.body)
    fields = ("-T", "fields", "-e", "ip.dst", "-e", "udp.dstport", "-e", "frame.interface_name")
    command = ["tshark", "-r", str(file), "-Y", "udp", *fields]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[0].split() == ["10.0.0.4", "9", "client-a"]
    of_host = sandbox.ask("GET", "/capture.pcapng?host=client-b")
    assert len(of_host.body) < len(answer.body)
    assert_problem(sandbox.ask("GET", "/capture.pcapng?host=nobody"), 404)


_ONE_DATAGRAM = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.0.0.4', 9))"


def test_deleting_leaves_nothing_and_forgets(server: Server) -> None:
    sandbox = server.sandbox()
    sandbox.command("process.start", host="server", argv=["sleep", "1000"])
    inside = _descendants(server.process.pid)
    assert any("sleep" in command for command in inside.values())
    answer = sandbox.ask("DELETE")
    assert (answer.status, answer.body) == (204, b"")
    assert f"socketlab-{sandbox.id}=" in answer.cookies[0]
    assert "Max-Age=0" in answer.cookies[0]
    left = {pid for pid in inside if os.path.exists(f"/proc/{pid}")} & set(_descendants(server.process.pid))
    assert not any("sleep" in inside[pid] for pid in left)
    assert_problem(sandbox.ask("GET"), 404)
    assert_problem(sandbox.ask("DELETE"), 404)


def _descendants(pid: int) -> dict[int, str]:
    found: dict[int, str] = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            found[child] = Path(f"/proc/{child}/cmdline").read_text()
            found |= _descendants(child)
    return found


def test_a_sandbox_that_died_is_readable_and_takes_no_commands(server: Server) -> None:
    with server.sandbox() as sandbox:
        before = _descendants(server.process.pid)
        pid = sandbox.command("process.start", host="server", argv=["sleep", "1000"])["pid"]
        assert pid
        after = _descendants(server.process.pid)
        sleeper = next(number for number in after if number not in before and "sleep" in after[number])
        status = Path(f"/proc/{sleeper}/status").read_text()
        parent = int(status.partition("PPid:")[2].split()[0])
        with sandbox.stream() as stream:
            os.kill(parent, 9)
            while (events := json.loads(stream.recv(10)))[-1]["type"] != "sandbox.closed":
                assert events
        assert sandbox.ask("GET").json()["state"]["closed"]
        assert sandbox.events()[-1]["type"] == "sandbox.closed"
        problem = assert_problem(sandbox.ask("POST", "/commands", {"command": "pace.set", "pace": "live"}), 410)
        assert problem["hint"]
        assert sandbox.ask("DELETE").status == 204


@pytest.mark.parametrize("example", range(13))
def test_each_documented_command_is_understood(server: Server, sandbox: Sandbox, example: int) -> None:
    document = server.ask("GET", "/openapi.json").json()
    body = document["paths"]["/api/sandboxes/{sandbox_id}/commands"]["post"]["requestBody"]["content"]
    examples = list(body["application/json"]["examples"].values())
    assert len(examples) == 13
    answer = sandbox.ask("POST", "/commands", examples[example]["value"])
    assert answer.status in (200, 404, 409), answer.body  # an example names processes and packets that are not here


def test_the_document_lists_every_route_event_and_command(server: Server) -> None:
    from typing import get_args

    from server.commands import Command
    from server.events import Event

    document = server.ask("GET", "/openapi.json").json()
    assert set(document["paths"]) == {
        "/healthz",
        "/api/labs/{name}/runs",
        "/api/runs",
        "/api/runs/{run}",
        "/api/runs/{run}/recording.jsonl.gz",
        "/api/runs/{run}/share",
        "/api/capabilities",
        "/api/sandboxes",
        "/api/sandboxes/{sandbox_id}",
        "/api/sandboxes/{sandbox_id}/events",
        "/api/sandboxes/{sandbox_id}/share",
        "/api/sandboxes/{sandbox_id}/commands",
        "/api/sandboxes/{sandbox_id}/capture.pcapng",
        "/api/sandboxes/{sandbox_id}/recording.jsonl.gz",
        "/api/sandboxes/{sandbox_id}/replay.html",
    }
    schemas = document["components"]["schemas"]
    for union, name in ((Event, "Event"), (Command, "Command")):
        tags = {kind.__struct_config__.tag for kind in get_args(union)}
        assert set(schemas[name]["discriminator"]["mapping"]) == tags
    for path in document["paths"].values():
        for route in path.values():
            for answer in route["responses"].values():
                for content in answer.get("content", {}).values():
                    assert "example" in content or content["schema"].get("format") == "binary"
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for member in part.values() for found in _references(member)]
    if isinstance(part, list):
        return [found for member in part for found in _references(member)]
    return []


def test_the_panel_of_the_machine_says_that_it_can_run(server: Server) -> None:
    answer = server.ask("GET", "/panels/machine")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
