"""Schemathesis against a real server: every documented route, with right and wrong requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from server.web.app import create_app
from tests.web.conftest import Sandbox, Server

DOCUMENTED = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
THOROUGH = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Server]:
    """A server of its own: what is tried here would use up the other one's sandboxes."""
    with Server(SOCKETLAB_SANDBOXES="4", SOCKETLAB_SANDBOXES_PER_VISITOR="4") as running:
        yield running


@pytest.fixture(scope="module")
def target(fuzzed: Server) -> Iterator[Sandbox]:
    """The sandbox that must survive it all."""
    with fuzzed.sandbox() as made:
        yield made


# The document of the same application, read in this process: parameters are made before a server runs.
routes = schemathesis.openapi.from_dict(create_app().openapi())
own_routes = routes.include(path_regex="sandbox_id").exclude(method="DELETE")


def check(case: Any, server: Server, headers: dict[str, str] | None = None) -> None:
    """Send a request; the answer must be documented, and a refusal a problem."""
    answer = case.call(base_url=server.address, headers=headers)
    case.validate_response(answer, checks=DOCUMENTED)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == ["application/problem+json"]
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["title"]
        assert problem["detail"]


@routes.parametrize()
@THOROUGH
def test_a_stranger_gets_documented_answers(case: Any, fuzzed: Server, target: Sandbox) -> None:
    check(case, fuzzed)


@own_routes.parametrize()
@THOROUGH
def test_an_owner_gets_documented_answers(case: Any, fuzzed: Server, target: Sandbox) -> None:
    case.path_parameters["sandbox_id"] = target.id
    check(case, fuzzed, {"Authorization": f"Bearer {target.token}"})


def test_the_sandbox_has_survived_it_and_lost_nothing(target: Sandbox) -> None:
    assert target.command("pace.set", pace="live")["pace"] == "live"
    seqs = [event["seq"] for event in target.events()]
    assert seqs == list(range(1, len(seqs) + 1))
