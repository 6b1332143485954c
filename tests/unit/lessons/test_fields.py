from __future__ import annotations

import pytest

from server import events as ev
from server.lessons.fields import FIELDS, CallView, MomentView, PacketView, known
from tests.unit.lessons.logs import LISTENING, entered, returned, sent


def row(**fields: object) -> dict[str, object]:
    return LISTENING | {"owners": [{"pid": 2, "fd": 3}]} | fields


@pytest.mark.parametrize(
    ("local", "address", "port"),
    [
        ("10.0.0.4:7", "10.0.0.4", 7),
        ("[fd00::4]:80", "fd00::4", 80),
        ("*:7", "*", 7),
        ("*:*", "*", 0),
        ("/run/echo.sock", "/run/echo.sock", None),
        ("(unnamed)", "(unnamed)", None),
    ],
)
def test_ends_are_split(local: str, address: str, port: int | None) -> None:
    fields = FIELDS["socket"]
    assert fields["local_address"].get(row(local=local)) == address
    assert fields["local_port"].get(row(local=local)) == port


def test_sockets_without_owner_or_timer() -> None:
    fields = FIELDS["socket"]
    bare = row(owners=[], inode=0)
    assert [fields[name].get(bare) for name in ("owners", "fd", "timer", "retransmits", "v6only")] == [0, *[None] * 4]
    timed = row(timer={"name": "time-wait", "expires_t": 5, "retransmits": 0})
    assert (fields["timer"].get(timed), fields["retransmits"].get(timed)) == ("time-wait", 0)


def test_what_a_call_was_given_and_gave_back() -> None:
    fields = FIELDS["call"]
    send = CallView(entered(1, "sendto", fd=4, buffer={"length": 3, "data": "YWJj"}), None)
    assert (fields["data"].get(send), fields["status"].get(send), fields["result"].get(send)) == (
        "abc",
        "entered",
        None,
    )
    accept = CallView(
        entered(2, "accept4", fd=3, flags=["SOCK_CLOEXEC"]), returned(2, result=4, new_fd=4, address="10.0.0.5:9")
    )
    assert (fields["address"].get(accept), fields["new_fd"].get(accept)) == ("10.0.0.5:9", 4)
    assert fields["flags"].get(accept) == frozenset({"SOCK_CLOEXEC"})
    assert fields["status"].get(CallView(accept.entered, None, held=True)) == "held"


def test_moments_are_calls_or_packets() -> None:
    fields = FIELDS["moment"]
    call = MomentView(1, "syscall", entered(1, "listen", pid=7), None)
    packet = MomentView(2, "packet", None, sent(1, "SYN", "ACK"))
    names = ("host", "call", "flags", "protocol")
    assert [fields[name].get(call) for name in names] == ["server", "listen", None, None]
    assert [fields[name].get(packet) for name in names] == ["client-a", None, frozenset({"SYN", "ACK"}), "tcp"]
    assert (fields["process"].get(call), fields["process"].get(packet)) == ([7], [])


def test_what_is_shown_of_a_row() -> None:
    packet = PacketView(sent(1, "SYN", "ACK"), "held", "step pace")
    shown = known(packet, FIELDS["packet"], "packet")
    assert (shown["flags"], shown["status"], shown["source_port"]) == ("ACK,SYN", "held", 40000)
    started = ev.SyscallEntered(call=1, pid=1, tid=1, host="server", name="close", args={})
    shown = known(CallView(started, None), FIELDS["call"], "call")
    assert shown == {"host": "server", "name": "close", "status": "entered"}
