"""The table of limits and the environment that changes it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from server.errors import BadRequestError
from server.sandbox import confinement
from server.sessions.limits import SANDBOX_ROWS, Limits, duration, environment_name, limits_from


def test_without_environment_the_defaults_hold() -> None:
    assert limits_from({}) == Limits()


@pytest.mark.parametrize("row", [row.name for row in fields(Limits)])
def test_each_row_can_be_changed_and_says_what_it_is(row: str) -> None:
    changed = limits_from({environment_name(row): "7"})
    assert getattr(changed, row) == 7
    assert environment_name(row) == f"SOCKETLAB_{row.upper()}"
    assert next(field for field in fields(Limits) if field.name == row).metadata["help"]


@pytest.mark.parametrize("text", ["0", "-1", "many", "", "1.5", "٣"])
def test_nonsense_stops_the_start(text: str) -> None:
    with pytest.raises(BadRequestError, match="SOCKETLAB_SANDBOXES"):
        limits_from({"SOCKETLAB_SANDBOXES": text})


def test_the_sandbox_gets_exactly_the_rows_that_it_keeps() -> None:
    assert set(SANDBOX_ROWS) == set(confinement.Limits.__struct_fields__)
    assert Limits(processes=9).for_sandbox()["processes"] == 9


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (3600, "60 minutes")],
)
def test_times_are_told_as_people_do(seconds: int, words: str) -> None:
    assert duration(seconds) == words
