"""The vocabulary of lab events: every one survives its encoding and leaves its defaults out."""

from __future__ import annotations

import json
import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import lab_protocol_js
from server import lab_events as le
from tests.unit.test_events import _structs

EVENTS: tuple[type[le._LabEvent], ...] = typing.get_args(le.LabEvent)


@given(st.one_of(*map(_structs, EVENTS)), st.integers(1, 2**31), st.integers(0, 2**53))
def test_what_is_logged_is_what_was_meant(event: le.LabEvent, seq: int, t: int) -> None:
    event = msgspec.structs.replace(event, seq=0, t=0)
    entry = le.encode_lab_entry(seq, t, event)
    assert b"\n" not in entry
    assert le.decode_lab_entry(entry) == msgspec.structs.replace(event, seq=seq, t=t)


def test_seq_and_t_come_first_and_defaults_are_left_out() -> None:
    event = le.LabStepEntered(step=2, sandbox="s1", at=9)
    line = b'{"seq":4,"t":7,"type":"lab.step.entered","step":2,"sandbox":"s1","at":9}'
    assert le.encode_lab_entry(4, 7, event) == line
    asked = le.LabActionsRequested(step=1, actions=[le.Asked(action=0), le.Asked(host="server", text="ss")])
    written = json.loads(le.encode_lab_entry(1, 0, asked))
    assert written["actions"] == [{"action": 0}, {"host": "server", "text": "ss"}]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_is_in_the_past_and_says_what_it_is(kind: type[le._LabEvent]) -> None:
    tag = str(kind.__struct_config__.tag)
    assert tag.startswith("lab.")
    assert kind.__doc__ is not None
    assert kind.__struct_config__.frozen


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'{"seq":1,"t":0}',
        b'{"seq":1,"t":0,"type":"host.added"}',
        b'{"seq":1,"t":0,"type":"lab.step.entered"}',
        b'{"seq":1,"t":0,"type":"lab.step.entered","step":"2"}',
        b'{"seq":1,"t":0,"type":"lab.action.ended","step":1,"action":0,"outcome":"perhaps"}',
    ],
)
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        le.decode_lab_entry(line)


def test_an_event_of_a_later_version_may_say_more() -> None:
    assert le.decode_lab_entry(b'{"seq":1,"t":0,"type":"lab.finished","why":"new"}') == le.LabFinished(seq=1)


def test_the_types_of_the_page_are_those_of_the_events() -> None:
    assert lab_protocol_js.TARGET.read_text() == lab_protocol_js.render(), "run: make docs"
