"""The vocabulary of commands: what is right is understood, and what is wrong is refused with a reason."""

from __future__ import annotations

import json
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import commands as cmd
from server.commands import decode_command
from server.errors import BadRequestError

COMMANDS = typing.get_args(cmd.Command)


def command(**fields: Any) -> cmd.Command:
    """Decode a command as it comes through the door."""
    return decode_command(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"command": "process.start", "host": "server", "program": "echo_server", "args": ["7777"]},
            cmd.ProcessStart(host="server", program="echo_server", args=["7777"]),
        ),
        (
            {"command": "process.start", "host": "client-a", "argv": ["nc", "-l"], "credentials": "admin"},
            cmd.ProcessStart(host="client-a", argv=["nc", "-l"], credentials="admin"),
        ),
        ({"command": "process.input", "pid": 3, "text": "hi\n"}, cmd.ProcessInput(pid=3, text="hi\n")),
        ({"command": "process.signal", "pid": 3, "signal": "KILL"}, cmd.ProcessSignal(pid=3, signal="KILL")),
        ({"command": "pace.set", "pace": "slow", "pause_ms": 200}, cmd.PaceSet(pace="slow", pause_ms=200)),
        ({"command": "moment.release"}, cmd.MomentRelease()),
        ({"command": "moment.release", "moment": 9}, cmd.MomentRelease(moment=9)),
        ({"command": "packet.hold", "match": {"flags": "SYN"}}, cmd.PacketHold(match=cmd.Match(flags="SYN"))),
        ({"command": "packet.hold", "packet": 4}, cmd.PacketHold(packet=4)),
        ({"command": "packet.deliver", "packet": 4}, cmd.PacketDeliver(packet=4)),
        ({"command": "packet.drop", "packet": 4}, cmd.PacketDrop(packet=4)),
        ({"command": "packet.duplicate", "packet": 4}, cmd.PacketDuplicate(packet=4)),
        ({"command": "wire.set", "loss": 1}, cmd.WireSet(loss=1.0)),
        (
            {"command": "sysctl.set", "host": "server", "name": "net.ipv4.tcp_syn_retries", "value": 1},
            cmd.SysctlSet(host="server", name="net.ipv4.tcp_syn_retries", value=1),
        ),
        (
            {"command": "host.add", "name": "client-c", "addresses": ["10.0.0.7/24"]},
            cmd.HostAdd(name="client-c", addresses=["10.0.0.7/24"]),
        ),
    ],
)
def test_commands_of_the_contract(document: dict[str, Any], expected: cmd.Command) -> None:
    assert command(**document) == expected
    assert decode_command(msgspec.json.encode(expected)) == expected, "what goes down is understood below"


def test_the_list_above_is_complete() -> None:
    tags = {kind.__struct_config__.tag for kind in COMMANDS}
    assert tags == {
        "process.start", "process.input", "process.signal", "pace.set", "moment.release", "packet.hold",
        "packet.deliver", "packet.drop", "packet.duplicate", "wire.set", "sysctl.set", "host.add",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff", ""),
        (b"null", "object"),
        (b"[]", "object"),
        (b"{}", "command"),
        (b'{"command": "process.stop"}', "process.stop"),
        (b'{"command": 7}', "str"),
        (b'{"command": "process.start"}', "host"),
        (b'{"command": "process.start", "host": "Server"}', "matching regex"),
        (b'{"command": "process.start", "host": "a b"}', "matching regex"),
        (b'{"command": "process.start", "host": "server\\n"}', "matching regex"),
        (b'{"command": "process.start", "host": ""}', "length"),
        (b'{"command": "process.start", "host": "server", "port": 80}', "port"),
        (b'{"command": "process.start", "host": "server", "argv": []}', "length"),
        (b'{"command": "process.start", "host": "server", "argv": ["a\\u0000b"]}', "matching regex"),
        (b'{"command": "process.start", "host": "server", "credentials": "root"}', "root"),
        (b'{"command": "process.input", "pid": "3"}', "int"),
        (b'{"command": "process.input", "pid": 0}', ">= 1"),
        (b'{"command": "process.input", "pid": -1}', ">= 1"),
        (b'{"command": "process.input", "pid": 1.5}', "int"),
        (b'{"command": "process.input", "pid": 99999999999999999999}', ""),
        (b'{"command": "process.signal", "pid": 3, "signal": "HUP"}', "HUP"),
        (b'{"command": "process.signal", "pid": 3, "signal": 9}', "str"),
        (b'{"command": "pace.set", "pace": "fast"}', "fast"),
        (b'{"command": "pace.set", "pace": "slow", "pause_ms": 0}', ">= 1"),
        (b'{"command": "pace.set", "pace": "slow", "pause_ms": 60001}', "<= 60000"),
        (b'{"command": "packet.hold", "match": {"flag": "SYN"}}', "flag"),
        (b'{"command": "packet.hold", "match": "SYN"}', "object"),
        (b'{"command": "packet.hold", "match": {"protocol": "sctp"}}', "sctp"),
        (b'{"command": "packet.hold", "match": {"source_port": 65536}}', "<= 65535"),
        (b'{"command": "packet.deliver"}', "packet"),
        (b'{"command": "wire.set", "loss": 1.01}', "<= 1"),
        (b'{"command": "wire.set", "loss": -0.1}', ">= 0"),
        (b'{"command": "wire.set", "delay_ms": -1}', ">= 0"),
        (b'{"command": "sysctl.set", "host": "server", "name": "x", "value": "1; reboot"}', "matching regex"),
        (b'{"command": "host.add", "name": "c", "addresses": []}', "length"),
    ],
)
def test_what_is_wrong_is_refused_with_a_reason(document: bytes, says: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        decode_command(document)
    assert says in refused.value.detail
    assert refused.value.hint
    assert refused.value.status == 422


@given(st.binary(max_size=200))
def test_no_bytes_are_an_accident(document: bytes) -> None:
    try:
        decode_command(document)
    except BadRequestError:
        return


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = sorted({field.name for kind in COMMANDS for field in msgspec.structs.fields(kind)})


@given(
    st.sampled_from([kind.__struct_config__.tag for kind in COMMANDS]),
    st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=4),
)
def test_no_fields_are_an_accident(name: str, fields: dict[str, Any]) -> None:
    try:
        decoded = decode_command(json.dumps({"command": name, **fields}).encode())
    except BadRequestError:
        return
    assert decoded.__struct_config__.tag == name


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_a_command_is_frozen_strict_and_explained(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.forbid_unknown_fields
    assert kind.__doc__


def test_the_log_tells_of_a_command_by_its_name_and_fields() -> None:
    asked = command(command="packet.hold", match={"flags": "SYN"}, off=False)
    assert cmd.name_and_fields(asked) == ("packet.hold", {"match": {"flags": "SYN"}})
