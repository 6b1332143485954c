"""The vocabulary of acts: what is right is understood, and what is wrong is refused with a reason."""

from __future__ import annotations

import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import lab_acts as la
from server.errors import BadRequestError

ACTS: tuple[type[la._Act], ...] = typing.get_args(la.Act)
ID = "act-0123456789ab"


def act(command: str, **fields: Any) -> la.Act:
    """Decode an act as it comes up the stream."""
    return la.decode_act(json.dumps({"command": command, "act": ID, "step": 1, **fields}).encode())


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (act("lab.start"), la.StartLab(act=ID, step=1)),
        (act("lab.start", step=4, again=True), la.StartLab(act=ID, step=4, again=True)),
        (
            act("lab.answer", kind="predict", question=1, choice="2"),
            la.AnswerQuestion(act=ID, step=1, kind="predict", question=1, choice="2"),
        ),
        (
            act("lab.answer", kind="predict", question=1, choice=None),
            la.AnswerQuestion(act=ID, step=1, kind="predict", question=1),
        ),
        (act("lab.perform", texts={"0": "ss"}), la.PerformActions(act=ID, step=1, texts={"0": "ss"})),
        (act("lab.perform", only=2), la.PerformActions(act=ID, step=1, only=2)),
        (act("lab.try", host="server", text="ss -ltn"), la.TryOwn(act=ID, step=1, host="server", text="ss -ltn")),
        (act("lab.try", start=0, text="ss"), la.TryOwn(act=ID, step=1, start=0, text="ss")),
        (act("lab.stop"), la.StopActions(act=ID, step=1)),
        (act("lab.show"), la.ShowStep(act=ID, step=1)),
        (act("lab.hint"), la.TakeHint(act=ID, step=1)),
        (act("lab.tool", tool=3), la.UseTool(act=ID, step=1, tool=3)),
        (act("lab.enter", step=2), la.EnterStep(act=ID, step=2)),
    ],
)
def test_every_act_is_understood(given_: la.Act, expected: la.Act) -> None:
    assert given_ == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"command": "lab.dance"}, "Invalid value 'lab.dance'"),
        ({"command": "lab.enter", "act": "short"}, r"length >= 8.*\$\.act"),
        ({"command": "lab.enter", "act": "x" * 65}, r"length <= 64.*\$\.act"),
        ({"command": "lab.enter", "act": "01234567 9"}, r"matching regex.*\$\.act"),
        ({"command": "lab.enter", "act": "0123456789\n"}, r"matching regex.*\$\.act"),
        ({"command": "lab.enter", "step": 0}, r"`int` >= 1 - at `\$\.step`"),
        ({"command": "lab.enter", "step": 100}, r"`int` <= 99 - at `\$\.step`"),
        ({"command": "lab.enter", "again": True}, "unknown field `again`"),
        ({"command": "lab.tool"}, "missing required field `tool`"),
        ({"command": "lab.tool", "tool": -1}, r"`int` >= 0 - at `\$\.tool`"),
        ({"command": "lab.answer", "kind": "guess", "question": 0}, "Invalid enum value 'guess'"),
        ({"command": "lab.try", "text": "x" * 501}, r"length <= 500 - at `\$\.text`"),
        ({"command": "lab.try", "text": "a\0b"}, r"matching regex.*\$\.text"),
        ({"command": "lab.perform", "texts": {"0": "x" * 501}}, r"length <= 500"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequestError, match=message) as refused:
        la.decode_act(json.dumps({"act": ID, "step": 1, **fields}).encode())
    assert "docs/" in refused.value.hint


@given(
    st.one_of(st.binary(max_size=30), st.recursive(st.none() | st.integers(), st.lists).map(json.dumps).map(str.encode))
)
def test_nothing_else_than_an_act_or_a_refusal_comes_of_any_bytes(document: bytes) -> None:
    with pytest.raises(BadRequestError):
        la.decode_act(document)


def test_a_document_too_deep_is_refused() -> None:
    with pytest.raises(BadRequestError):
        la.decode_act(b'{"command":' + b"[" * 100_000)


@pytest.mark.parametrize("kind", ACTS, ids=lambda kind: kind.__name__)
def test_every_act_has_an_id_and_a_step(kind: type[la._Act]) -> None:
    assert {"act", "step"} <= set(kind.__struct_fields__)
    assert str(kind.__struct_config__.tag).startswith("lab.")
