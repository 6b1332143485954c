"""The golden recordings are there, whole, and show what their titles say."""

from __future__ import annotations

import pytest

from server import events as ev
from server.events import decode_entry
from server.sessions import recording
from server.sessions.zygote import Zygote
from server.state import fold, initial
from tests.recordings.make import FOLDER, SHIPPED, path_of, play
from tests.recordings.runs import RUNS


def events_of(name: str) -> list[ev.Event]:
    return [decode_entry(line) for line in recording.read(path_of(name))]


@pytest.mark.parametrize("name", RUNS)
def test_it_holds_what_it_is_there_to_show(name: str) -> None:
    events = events_of(name)
    kinds = {event.__struct_config__.tag for event in events}
    assert RUNS[name].shows <= kinds
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[-1], ev.SandboxClosed)
    assert recording.read_header(path_of(name)).title == RUNS[name].title


def test_every_file_has_its_run() -> None:
    files = {path.name.removesuffix(".jsonl.gz") for place in (FOLDER, SHIPPED) for path in place.glob("*.jsonl*")}
    assert files == set(RUNS)


def test_together_they_hold_every_type_of_event() -> None:
    kinds = {event.__struct_config__.tag for name in RUNS for event in events_of(name)}
    # What an observer loses cannot be brought about at will.
    assert {kind.__struct_config__.tag for kind in ev.Event.__args__} - kinds == {"observation.lost"}


def test_a_handshake_by_steps_has_its_telling_moments_in_order() -> None:
    state, seen = initial(), []
    for event in events_of("handshake-by-steps"):
        fold(state, event)
        rows = [row for row in state["sockets"].values() if row["host"] == "server"]
        found = "/".join(sorted(f"{row['state']} {'fd' if row['owners'] else '-'} {row['recv_queue']}" for row in rows))
        if not seen or seen[-1] != found:
            seen.append(found)
    telling = [
        "LISTEN fd 0",
        "LISTEN fd 0/SYN-RECEIVED - 0",
        "ESTABLISHED - 0/LISTEN fd 1",
        "ESTABLISHED - 5/LISTEN fd 1",
    ]
    places = [seen.index(each) for each in telling]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["refused", "three-clients-one-port"])
async def test_a_run_can_be_made_again(zygote: Zygote, name: str) -> None:
    again = [decode_entry(line) for line in await play(zygote, name, RUNS[name])]
    assert RUNS[name].shows <= {event.__struct_config__.tag for event in again}
    assert {type(event) for event in again} == {type(event) for event in events_of(name)}
