"""The table of acts: each kind of step that a decider can answer with has one, and events are logged."""

from __future__ import annotations

import typing
from typing import Any, cast

from server import events as ev
from server.deciders import patience, switch, tracee
from server.sandbox.doer import Doer
from server.sandbox.journal import Journal


def doer(journal: Journal) -> Doer:
    """A doer whose other parts nobody asks."""
    return Doer(journal, *[cast("Any", None)] * 10)


def test_each_kind_of_step_has_its_act() -> None:
    steps = {*typing.get_args(switch.Step), *typing.get_args(tracee.Step)} - set(typing.get_args(ev.Event))
    assert set(doer(Journal(9))._acts) == {*steps, patience.SetParameter}


def test_events_are_logged_in_their_order() -> None:
    journal = Journal(9)
    doer(journal).do([ev.PacketDropped(packet=1, why="one"), ev.PacketDropped(packet=2, why="two")])
    assert [ev.decode_entry(line).why for line in journal.take()] == ["one", "two"]
