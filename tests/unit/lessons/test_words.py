"""Words for actions and rows."""

from __future__ import annotations

import pytest

from server.commands import Match
from server.lessons.checks import Row
from server.lessons.model import (
    Action,
    EndInput,
    Handle,
    Release,
    Rule,
    Run,
    SetPace,
    SetSysctl,
    SetWire,
    Signal,
    Type,
    Wait,
)
from server.lessons.query import Pattern, Rows, Selection, Subject
from server.lessons.words import action_words, row_key, row_words


def where(subject: Subject, **fields: str) -> Selection:
    return Selection(subject=subject, patterns=tuple(Pattern(name, "like", value) for name, value in fields.items()))


RUN = Run(on="server", command="x", argv=("x",), program="", folder="/", name="", credentials="user")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (RUN, "start"),
        (Type(text="hello", to="first"), "type to first"),
        (EndInput(to="first"), "End the input of first (Ctrl+D)"),
        (Signal(signal="KILL", to="server"), "Send SIGKILL to server"),
        (SetPace(pace="step"), "Pace: step"),
        (SetPace(pace="slow", pause_ms=300), "Pace: slow, 300 ms for each moment"),
        (Rule(how="hold", match=Match(flags="SYN"), count=1), "From now on, hold the next packet with SYN"),
        (Rule(how="lose", match=Match(source_host="client-a")), "From now on, lose every packet from client-a"),
        (Rule(how="hold", match=None), "From now on, hold no packet"),
        (Handle(how="deliver", match=Match(flags="SYN,ACK")), "Deliver a packet with SYN, ACK"),
        (Handle(how="drop", match=Match(payload=True, protocol="udp")), "Drop a packet of udp with data"),
        (SetWire(delay_ms=200, loss=0.1), "The wire: delay 200 ms, loss 10%"),
        (SetSysctl(on="client-a", values=(("net.ipv4.x", "1"),)), "On client-a: net.ipv4.x = 1"),
        (Release(moments=where("moment")), "Let one go on: what has waited longest"),
        (
            Release(moments=where("moment", process="server", call="bind")),
            "Let one go on: server is about to call bind()",
        ),
        (
            Wait(until=Rows(selection=where("call", process="server", name="accept4", status="entered"))),
            "Wait until server waits in accept()",
        ),
        (Wait(until=Rows(selection=where("process", process="old", status="exited"))), "Wait until old has ended"),
        (
            Wait(until=Rows(selection=where("socket", host="server", state="LISTEN", local_port="8", recv_queue="2"))),
            "Wait until server has a socket in LISTEN at port 8 with two connections that wait for accept()",
        ),
        (
            Wait(until=Rows(selection=where("packet", flags=("SYN", "ACK"), status="held"))),
            "Wait until a packet with SYN and ACK is held on the wire",
        ),
        (
            Wait(until=Rows(selection=where("output", process="first", text="echo: *"))),
            "Wait until first prints “echo: …”",
        ),
    ],
)
def test_what_an_action_does(action: Action, words: str) -> None:
    assert action_words(action) == words


@pytest.mark.parametrize(
    ("row", "key", "words"),
    [
        (
            Row("socket", "4103", 7, {"host": "server", "state": "LISTEN", "local": "*:7", "remote": "*:*"}),
            "socket:4103",
            "server: LISTEN *:7 *:*",
        ),
        (
            Row("packet", "3", 7, {"source_host": "client-a", "flags": "SYN", "source": "a:1", "destination": "b:2"}),
            "packet:3",
            "client-a: SYN a:1 → b:2",
        ),
        (Row("call", "9", 7, {"host": "server", "name": "bind", "error": "EACCES"}), "call:9", "server: bind() EACCES"),
        (Row("fd", "12 3", 7, {"host": "server", "fd": 3, "kind": "socket"}), "fd:12:3", "server: 3 socket"),
        (Row("output", "1", 7, {"host": "server", "text": "listening"}), "event:7", "server: listening"),
    ],
)
def test_a_row_opens_its_evidence(row: Row, key: str, words: str) -> None:
    assert row_key(row) == key
    assert row_words(row) == words
