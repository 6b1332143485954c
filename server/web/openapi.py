"""What /openapi.json says beyond the routes themselves: bodies, answers and an example of each.

The schemas of commands and events come from ``server.commands`` and ``server.events``, so they cannot
differ from what is decoded.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from fastapi import FastAPI, Response

from server.commands import Command
from server.events import Event
from server.sessions.capabilities import Capabilities
from server.sessions.hosts import DEFAULT_HOSTS
from server.shapes import State

_REF = "#/components/schemas/{name}"
_ID = "5f2c9a01be"
_HOSTS = msgspec.to_builtins(list(DEFAULT_HOSTS))

DESCRIPTION = """
Start real programs on small real hosts, watch every system call, socket and packet, and hold any of them.

`POST /api/sandboxes` gives an `id` and a `token`. Send the token with every later request:
`Authorization: Bearer TOKEN`, or the cookie that the same answer sets.

**Stream.** `WS /api/sandboxes/ID/stream?after=SEQ` sends JSON arrays of events in `seq` order. Send
`{"ref": 1, "command": "...", ...}` and get `{"ref": 1, "ok": true, "result": {...}}` or
`{"ref": 1, "ok": false, "problem": {...}}`. A program may give its token as the subprotocol
`socketlab.TOKEN` or as `?token=`. Close codes: 1000 the sandbox has ended, 1009 a message over 64 KiB,
1012 the server ends, 1013 too slow (the reason is `resume after=SEQ`), 1008 the link was taken back.

**Watching.** `POST /api/sandboxes/ID/share` gives an address with a watch key. Its key as `?key=`, in place of a
token, opens what can be read of the sandbox, the stream too, and no command. `DELETE` takes it back: 410 from then on.

**Problems.** Every refusal is `application/problem+json` (RFC 9457). A request without a token is 401; a
token that does not fit is the same 404 as a sandbox that is not there.
"""

COMMAND_EXAMPLES: dict[str, dict[str, Any]] = {
    "process.start": {"command": "process.start", "host": "server", "program": "echo_server", "args": ["7"]},
    "process.start, any command": {"command": "process.start", "host": "client-a", "argv": ["nc", "10.0.0.4", "7"]},
    "process.input": {"command": "process.input", "pid": 7, "text": "hello\n"},
    "process.signal": {"command": "process.signal", "pid": 7, "signal": "TERM"},
    "pace.set": {"command": "pace.set", "pace": "slow", "pause_ms": 800},
    "moment.release": {"command": "moment.release", "moment": 3},
    "packet.hold": {"command": "packet.hold", "match": {"flags": "SYN"}},
    "packet.deliver": {"command": "packet.deliver", "packet": 4},
    "packet.drop": {"command": "packet.drop", "packet": 4},
    "packet.duplicate": {"command": "packet.duplicate", "packet": 4},
    "wire.set": {"command": "wire.set", "delay_ms": 50, "jitter_ms": 10, "loss": 0.1},
    "sysctl.set": {
        "command": "sysctl.set",
        "host": "client-a",
        "name": "net.ipv4.ip_local_port_range",
        "value": "50000 50009",
    },
    "host.add": {"command": "host.add", "name": "client-c", "addresses": ["10.0.0.7/24"]},
}
"""An example of every command, by what it shows."""

EVENT_EXAMPLE = (
    '{"seq":1,"t":1203456,"type":"host.added","host":"server","addresses":["10.0.0.4/24"]}\n'
    '{"seq":2,"t":9203456,"type":"process.started","host":"server","pid":7,"program":"echo_server",'
    '"argv":["python3","/labs/programs/echo_server.py","7"]}\n'
)


def _problem(text: str, title: str, status: int, detail: str) -> dict[str, Any]:
    example = {"title": title, "status": status, "detail": detail}
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": text, "content": {"application/problem+json": {"schema": schema, "example": example}}}


def _json(text: str, example: object, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "description": text,
        "content": {"application/json": {"schema": schema or {"type": "object"}, "example": example}},
    }


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


_TEXT = {"type": "string"}
_CHECK = {
    "name": "ptrace",
    "ok": True,
    "essential": True,
    "detail": "a process stopped at its call, number 110",
    "without": "System calls cannot be seen or held.",
    "hint": "",
}
_FORBIDDEN = _problem(
    "The request comes from another origin.", "That is not yours to use", 403, "A page of another site may not act."
)
_MISSING = _problem(
    "No token came along.", "It is not known who asks", 401, "This request says nothing about its sender."
)
_NOT_FOUND = _problem(
    "There is no such sandbox, or the token is not its.", "Not found", 404, "There is no sandbox that you may steer."
)
_TOO_LARGE = _problem("The body is over 64 KiB.", "The request is too large", 413, "The body is larger than 64 KiB.")
_BAD = _problem("The request is not understood.", "That request is not understood", 422, "Expected `int`, got `str`.")
_GONE = _problem("The sandbox has ended.", "The sandbox has ended", 410, "Sandbox 5f2c9a01be has ended.")
_CONFLICT = _problem("Right words at the wrong time.", "That cannot be done now", 409, "Process 7 has ended.")
_LIMIT = _problem("A limit is reached.", "A limit is reached", 429, "You have 8 sandboxes, as many as you may.")
_REFUSED = _problem("The machine does not allow it.", "This machine does not allow it", 503, "No user namespaces.")
_NO_ANSWER = _problem("It took too long.", "The sandbox does not answer", 504, "There was no answer in 30 seconds.")

_OWN = {401: _MISSING, 404: _NOT_FOUND, 422: _BAD}


def _route(ok: dict[int | str, dict[str, Any]], **more: Any) -> dict[str, Any]:  # noqa: ANN401 (OpenAPI members)
    status = int(next(iter(ok)))
    return {
        "status_code": status,
        "response_class": Response,
        "responses": ok | more.pop("problems", {}),
        "response_model": None,
        **more,
    }


HEALTH = _route({200: _json("The server answers.", {"status": "ok"}, _object(status=_TEXT))}, tags=["server"])

CAPABILITIES = _route(
    {200: _json("What was found.", {"ok": True, "checks": [_CHECK]}, {"$ref": _REF.format(name="Capabilities")})},
    tags=["server"],
)

CREATE = _route(
    {
        201: _json(
            "The sandbox takes commands.",
            {"id": _ID, "hosts": _HOSTS, "stream": f"/api/sandboxes/{_ID}/stream", "token": "kq3V…"},
            _object(
                id=_TEXT,
                hosts={"type": "array", "items": {"$ref": _REF.format(name="HostSpec")}},
                stream=_TEXT,
                token=_TEXT,
            ),
        )
    },
    problems={403: _FORBIDDEN, 413: _TOO_LARGE, 422: _BAD, 429: _LIMIT, 503: _REFUSED, 504: _NO_ANSWER},
    tags=["sandboxes"],
    openapi_extra={
        "requestBody": {
            "required": False,
            "content": {
                "application/json": {
                    "schema": {"$ref": _REF.format(name="NewSandbox")},
                    "examples": {
                        "three hosts": {"value": {}},
                        "own hosts": {"value": {"hosts": _HOSTS[:2], "pace": "step"}},
                    },
                }
            },
        }
    },
)

READ = _route(
    {
        200: _json(
            "The state after the last event.",
            {"id": _ID, "seq": 3, "state": {"pace": "live", "hosts": {"server": {"addresses": ["10.0.0.4/24"]}}}},
            _object(id=_TEXT, seq={"type": "integer"}, state={"$ref": _REF.format(name="State")}),
        )
    },
    problems=_OWN,
    tags=["sandboxes"],
)

DELETE = _route({204: {"description": "It is gone."}}, problems=_OWN | {403: _FORBIDDEN}, tags=["sandboxes"])

_WATCH = {"watch": "/s/5f2c9a01be/watch?key=…"}

SHARE = _route(
    {200: _json("Who has this address may look, and no more.", _WATCH, _object(watch=_TEXT))},
    problems=_OWN | {403: _FORBIDDEN},
    tags=["sandboxes"],
)

TAKE_BACK = _route(
    {204: {"description": "The address opens nothing any more."}}, problems=_OWN | {403: _FORBIDDEN}, tags=["sandboxes"]
)

EVENTS = _route(
    {
        200: {
            "description": "One event a line, in `seq` order.",
            "content": {
                "application/x-ndjson": {"schema": {"$ref": _REF.format(name="Event")}, "example": EVENT_EXAMPLE}
            },
        }
    },
    problems=_OWN,
    tags=["sandboxes"],
)

COMMAND = _route(
    {
        200: _json(
            "It was carried out.",
            {"ok": True, "result": {"pid": 7}},
            _object(ok={"type": "boolean"}, result={"type": "object"}),
        )
    },
    problems=_OWN
    | {
        403: _FORBIDDEN,
        409: _CONFLICT,
        410: _GONE,
        413: _TOO_LARGE,
        429: _LIMIT,
        503: _REFUSED,
        504: _NO_ANSWER,
    },
    tags=["sandboxes"],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": _REF.format(name="Command")},
                    "examples": {name: {"value": value} for name, value in COMMAND_EXAMPLES.items()},
                }
            },
        }
    },
)

CAPTURE = _route(
    {
        200: {
            "description": "A pcapng file for Wireshark: one interface per host, comments naming process and call.",
            "content": {"application/x-pcapng": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    problems=_OWN,
    tags=["sandboxes"],
)

RECORDING = _route(
    {
        200: {
            "description": "The log as a recording: JSON Lines, compressed by gzip; the first line is its heading.",
            "content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    problems=_OWN,
    tags=["sandboxes"],
)

REPLAY = _route(
    {
        200: {
            "description": "The log as one HTML file that shows it without a server, from disk or inside an iframe.",
            "content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}},
        }
    },
    problems=_OWN,
    tags=["sandboxes"],
)

BEGIN_RUN = _route(
    {
        201: _json(
            "The run; acts go up its stream, and who has the address `watch` may look at it.",
            {
                "id": "run-8f2a4c1e90b7d365",
                "stream": "/api/stream?log=run-8f2a4c1e90b7d365",
                "watch": "/labs/…/watch/…",
            },
            _object(id=_TEXT, stream=_TEXT, watch=_TEXT),
        )
    },
    problems={403: _FORBIDDEN, 404: _NOT_FOUND, 422: _BAD},
    tags=["labs"],
)

LIST_RUNS = _route(
    {
        200: _json(
            "Each run with its lab and its present sandbox, if it has one.",
            {"runs": [{"id": "run-8f2a4c1e90b7d365", "lab": "03-one-port-many-sockets", "sandbox": ""}]},
            _object(runs={"type": "array", "items": _object(id=_TEXT, lab=_TEXT, sandbox=_TEXT)}),
        )
    },
    problems={},
    tags=["labs"],
)

READ_RUN = _route(
    {
        200: _json(
            "The run after its last event.",
            {"id": "run-8f2a4c1e90b7d365", "seq": 7, "state": {"lab": "03-one-port-many-sockets", "step": 1}},
            _object(id=_TEXT, seq={"type": "integer"}, state={"type": "object"}),
        )
    },
    problems={404: _NOT_FOUND, 422: _BAD},
    tags=["labs"],
)

RUN_RECORDING = _route(
    {
        200: {
            "description": "The run's log and its sandbox's as a recording of format 2, compressed by gzip.",
            "content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    problems={404: _NOT_FOUND, 422: _BAD},
    tags=["labs"],
)

SHARE_RUN = _route(
    {
        200: _json(
            "Who has this address may look, and no more.", {"watch": "/labs/…/watch/…?key=…"}, _object(watch=_TEXT)
        )
    },
    problems={403: _FORBIDDEN, 404: _NOT_FOUND, 422: _BAD},
    tags=["labs"],
)

TAKE_BACK_RUN = _route(
    {204: {"description": "The address opens nothing any more."}},
    problems={403: _FORBIDDEN, 404: _NOT_FOUND, 422: _BAD, 503: _REFUSED},
    tags=["labs"],
)

PROBLEM_SCHEMA = _object(title=_TEXT, status={"type": "integer"}, detail=_TEXT)
PROBLEM_SCHEMA["properties"]["hint"] = {"type": "string", "description": "What you can do, where there is something."}


def document(app: FastAPI, *types: type) -> dict[str, Any]:
    """The OpenAPI document of an app, with the vocabulary's own schemas.

    Args:
        app: Its routes.
        types: More Structs that the routes name.
    """
    if app.openapi_schema is None:
        built = FastAPI.openapi(app)
        kinds = [*get_args(Command), *get_args(Event), State, Capabilities, *types]
        _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
        schemas["Problem"] = PROBLEM_SCHEMA
        schemas["Command"] = _union(get_args(Command), "command")
        schemas["Event"] = _union(get_args(Event), "type")
        built.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
        app.openapi_schema = built
    return app.openapi_schema


def _union(kinds: tuple[type, ...], tag: str) -> dict[str, Any]:
    references = {kind.__struct_config__.tag: _REF.format(name=kind.__name__) for kind in kinds}  # type: ignore[attr-defined]
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": tag, "mapping": references},
    }
