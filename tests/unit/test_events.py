"""The vocabulary of events: every one survives its encoding, leaves its defaults out, and is documented."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import events as ev

EVENTS: tuple[type[ev._Event], ...] = typing.get_args(ev.Event)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type."""
    if typing.get_origin(hint) is Mapping:
        return st.dictionaries(st.text(max_size=5), _JSON, max_size=3)
    if hint is float:
        return st.floats(0, 1)
    if hint is int:
        return st.integers(-(2**53), 2**53)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _structs(hint)
    if typing.get_origin(hint) is list:
        return st.lists(_values(typing.get_args(hint)[0]), max_size=3)
    options = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(options)
    if options:
        return st.one_of([st.none() if option is type(None) else _values(option) for option in options])
    return st.from_type(hint)


def _structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: _values(hints[field.name]) for field in msgspec.structs.fields(kind)})


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data(), seq=st.integers(1, 2**53), t=st.integers(0, 2**53))
def test_an_event_survives_the_log(kind: type[ev._Event], data: st.DataObject, seq: int, t: int) -> None:
    event = data.draw(_structs(kind))
    event = msgspec.structs.replace(event, seq=0, t=0)  # only the log gives them
    line = ev.encode_entry(seq, t, event)
    assert b"\n" not in line
    assert line.startswith(b'{"seq":')
    assert ev.decode_entry(line) == msgspec.structs.replace(event, seq=seq, t=t)
    plain = json.loads(line)
    assert list(plain)[:3] == ["seq", "t", "type"]
    assert (plain["seq"], plain["t"]) == (seq, t)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_is_frozen_tagged_and_explained(kind: type[ev._Event]) -> None:
    config = kind.__struct_config__
    assert config.frozen
    assert config.tag_field == "type"
    family, _, what = str(config.tag).partition(".")
    assert family
    assert what, "host.added: a family and a participle"
    assert kind.__doc__
    assert kind.__doc__.strip().splitlines()[0].endswith((".", ":"))


def test_the_tags_are_those_of_the_contract() -> None:
    tags = {kind.__struct_config__.tag for kind in EVENTS}
    assert len(tags) == len(EVENTS)
    assert {
        "host.added", "process.started", "process.output", "process.exited", "syscall.entered", "syscall.returned",
        "fd.opened", "fd.closed", "socket.appeared", "socket.changed", "socket.vanished", "packet.sent", "packet.held",
        "packet.delivered", "packet.dropped", "moment.pending", "moment.released", "pace.changed", "wire.changed",
        "sysctl.changed", "sandbox.closed", "command.accepted", "command.refused",
    } <= tags  # fmt: skip


def test_what_has_its_default_is_left_out() -> None:
    line = ev.encode_entry(1, 2, ev.ProcessExited(pid=3, code=0))
    assert line == b'{"seq":1,"t":2,"type":"process.exited","pid":3,"code":0}'


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"", msgspec.DecodeError),
        (b"[]", msgspec.ValidationError),
        (b'{"seq":1,"t":2}', msgspec.ValidationError),
        (b'{"seq":1,"t":2,"type":"host.vanished"}', msgspec.ValidationError),
        (b'{"seq":1,"t":2,"type":"host.added","host":"server"}', msgspec.ValidationError),
        (b'{"seq":"1","t":2,"type":"sandbox.closed","why":"x"}', msgspec.ValidationError),
        (b'{"seq":1,"t":2,"type":"process.output","pid":1,"stream":"stdin","text":""}', msgspec.ValidationError),
    ],
)
def test_what_is_no_event_is_refused(line: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        ev.decode_entry(line)


def test_unknown_members_are_passed_over() -> None:
    """A log of a later version may say more."""
    line = b'{"seq":1,"t":2,"type":"sandbox.closed","why":"x","later":true}'
    assert ev.decode_entry(line) == ev.SandboxClosed(seq=1, t=2, why="x")
