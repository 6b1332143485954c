"""Rows that contradict themselves, and tables that cannot be right, end the import."""

from __future__ import annotations

from typing import Any

import pytest

from server.inet.call_row import Call, FdArgument, nothing, table
from server.inet.descriptor_calls import no_args
from server.inet.socket_calls import new_fd
from tests.unit.inet.space import Space

FD = FdArgument(0, "fd")


def row(name: str = "read", **columns: Any) -> Call:
    return Call(**{"name": name, "kind": "io", "fds": (FD,), "decode_args": no_args} | columns)


def test_a_row_of_defaults_claims_nothing() -> None:
    call = row()
    assert call.decode_result is nothing
    assert call.decode_result((0,) * 6, 5, Space(), {}) == {}
    claims = [call.may_sleep, call.only_asks, call.makes, call.frees, call.bytes, call.brings_fds, call.sends]
    assert not any(claims)
    assert call.returns
    assert call.said_as == "read"
    assert row("recvfrom", said_as="recv").said_as == "recv"


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"fds": (FdArgument(6, "fd"),)}, "six arguments"),
        ({"fds": (FD, FdArgument(0, "newfd"))}, "six arguments"),
        ({"fds": (), "bytes": "in"}, "through a descriptor"),
        ({"fds": (), "sends": True}, "through a descriptor"),
        ({"fds": (), "makes": "copy"}, "a copy is made of a descriptor"),
        ({"fds": (FD, FdArgument(1, "newfd", replaced=True))}, "only a copy replaces"),
        ({"bytes": "out"}, "may send"),
        ({"brings_fds": True}, "come with bytes"),
        ({"only_asks": True, "may_sleep": True}, "only asks"),
        ({"only_asks": True, "changes_sockets": True}, "only asks"),
        ({"makes": "socket"}, "changes the table of sockets"),
        ({"returns": False, "decode_result": new_fd}, "does not return"),
        ({"returns": False, "makes": "process"}, "does not return"),
    ],
)
def test_a_row_that_contradicts_itself(columns: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=f"the row of read: .*{rule}"):
        row(**columns)


def test_a_table_has_its_rows_by_name() -> None:
    rows = row("read"), row("write")
    assert table(rows) == {"read": rows[0], "write": rows[1]}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("read", "reed"), "no machine has a number for reed"),
        (("read", "read"), "each once: read, read"),
        (("write", "read"), "in the order of their names, each once: write, read"),
    ],
)
def test_a_table_that_cannot_be_right(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table(tuple(row(name) for name in names))
