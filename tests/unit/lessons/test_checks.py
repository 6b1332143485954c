from __future__ import annotations

from typing import Any

import pytest

from server import events as ev
from server.lessons.checks import Scene, Verdict, evaluate, measure, rows_of, showing_hints
from server.lessons.conditions import Scope, read_condition, read_measure, read_selection
from server.lessons.model import Check, Hint
from server.lessons.query import Quantity
from server.lessons.record import Record
from server.lessons.source import read_yaml
from tests.unit.lessons.logs import LISTENING, connected, entered, hosts, recorded, returned, sent, started

SCOPE = Scope(hosts=("server", "client-a", "client-b"), names={"server": 1, "client": 2})


@pytest.fixture
def record() -> Record:
    """A server with two clients; one client was refused elsewhere; nothing waits."""
    return recorded(
        *hosts(),
        started(2),
        entered(1, "socket", type="SOCK_STREAM", family="AF_INET"),
        returned(1, result=3, new_fd=3),
        ev.SocketAppeared(**LISTENING),
        entered(2, "accept4", fd=3, flags=["SOCK_CLOEXEC"]),
        started(5, host="client-a", argv=["python3", "echo_client.py"]),
        entered(3, "connect", pid=5, host="client-a", fd=3, address="10.0.0.4:7"),
        sent(1, "SYN"),
        ev.PacketDelivered(packet=1),
        ev.SocketAppeared(**connected("2", "10.0.0.5:40000", fd=0, state="SYN-RECEIVED")),
        ev.SocketChanged(**connected("2", "10.0.0.5:40000", fd=0)),
        returned(3, pid=5, result=0),
        returned(2, result=4, new_fd=4, address="10.0.0.5:40000"),
        ev.SocketChanged(**connected("2", "10.0.0.5:40000", fd=4)),
        ev.SocketAppeared(**connected("3", "10.0.0.6:40001", fd=5)),
        entered(4, "connect", pid=5, host="client-a", fd=4, address="10.0.0.4:8"),
        returned(4, pid=5, error="ECONNREFUSED"),
        entered(5, "recvfrom", fd=4),
        returned(5, result=6, bytes=6, data="aGVsbG8K"),
        ev.ProcessOutput(pid=5, stream="stdout", text="echo: hello\n"),
    )


def judged(record: Record, text: str, step_seq: int = 0) -> Verdict:
    """What a condition says, written as in a lab."""
    scene = Scene(record, {"server": [2], "client": [5]}, step_seq)
    return evaluate(read_condition(read_yaml(text, "lab.md", 1), "a check", SCOPE), scene)


@pytest.mark.parametrize(
    "text",
    [
        "socket: {host: server}\ncount: 3",
        "socket: {local: '*:7'}\ncount: 3",
        "socket: {local: {is: '*:7'}}\ncount: 1",
        "socket: {local: {not: '10.*'}}\ncount: 1",
        "socket: {state: [LISTEN, ESTABLISHED]}\ncount: {at_least: 3, at_most: 3}",
        "socket: {local_port: 7, remote_address: 10.0.0.5}",
        "socket: {remote_port: {at_least: 40001}}\ncount: 1",
        "socket: {fd: {not: 3}}\ncount: 2",
        "socket: {process: server}\ncount: 3",
        "socket: {process: {not: server}}\ncount: 0",
        "socket: {inode: 0}\ncount: 0",
        "socket: {state: LISTEN, owners: 1, recv_queue: 0, send_queue: 5}",
        "ever: {socket: {state: SYN-RECEIVED, inode: 0}}\ncount: 1",
        "never: {socket: {state: CLOSE-WAIT}}",
        "call: {name: connect, error: ECONNREFUSED}\ncount: 1",
        "call: {name: connect}\ncount: 2",
        "call: {name: 'acc*', status: returned, new_fd: 4, address: '10.0.0.5:*'}",
        "call: {name: accept4, flags: SOCK_CLOEXEC}",
        "call: {process: client, name: connect, result: 0, fd: 3}",
        "call: {data: 'hello*', bytes: {at_least: 5}}",
        "call: {name: socket, type: SOCK_STREAM, family: AF_INET}",
        "packet: {flags: SYN, status: delivered, repeat: false, loopback: false}",
        "packet: {flags: {contains: SYN}, source_port: 40000, destination_port: 7, target_host: server}",
        "output: {process: client, text: 'echo: *', stream: stdout}",
        "output: {text: {contains: hell}}",
        "process: {host: client-a, status: running, child: false, command: '*echo_client.py'}",
        "all:\n  - socket: {state: LISTEN}\n  - not: {packet: {flags: {contains: RST}}}",
        "any:\n  - socket: {state: CLOSE-WAIT}\n  - socket: {state: LISTEN}",
        "before:\n  - socket: {state: ESTABLISHED, inode: 0}\n  - call: {name: accept4, status: returned}",
        "equal:\n  - {distinct: local_port, of: {socket: {host: server}}}\n  - 1",
        "equal:\n  - {count: {socket: {state: LISTEN}}}\n  - {count: {output: {}}}",
        "different:\n  - {value: remote, of: {socket: {fd: 4}}}\n  - {value: remote, of: {socket: {fd: 5}}}",
        "less:\n  - {count: {socket: {state: LISTEN}}}\n  - {count: {socket: {state: ESTABLISHED}}}",
        "equal:\n  - {sum: bytes, of: {call: {name: recvfrom}}}\n  - 6",
        "equal:\n  - {value: fd, of: {call: {data: 'hello*'}}}\n  - {value: fd, of: {socket: {remote_port: 40000}}}",
    ],
)
def test_it_holds(record: Record, text: str) -> None:
    assert judged(record, text).holds


@pytest.mark.parametrize(
    "text",
    [
        "socket: {state: CLOSE-WAIT}",
        "socket: {host: server}\ncount: 2",
        "socket: {timer: time-wait}",
        "never: {socket: {state: SYN-RECEIVED}}",
        "call: {name: connect, error: EADDRINUSE}",
        "call: {name: accept4, status: held}",
        "packet: {flags: [SYN, ACK]}",
        "packet: {flags: ACK}",
        "output: {text: echo}",
        "all:\n  - socket: {state: LISTEN}\n  - socket: {state: CLOSE-WAIT}",
        "any:\n  - socket: {state: CLOSE-WAIT}\n  - socket: {state: TIME-WAIT}",
        "not: {socket: {state: LISTEN}}",
        "before:\n  - call: {name: accept4, status: returned}\n  - packet: {flags: SYN}",
        "before:\n  - packet: {flags: SYN}\n  - packet: {flags: RST}",
        "equal:\n  - {value: remote, of: {socket: {state: ESTABLISHED}}}\n  - 10.0.0.5:40000",
        "different:\n  - {value: remote, of: {socket: {state: CLOSE-WAIT}}}\n  - 1",
        "less:\n  - {value: remote, of: {socket: {fd: 4}}}\n  - 5",
        "sysctl: {host: server}",
        "moment: {kind: packet}",
    ],
)
def test_it_does_not_hold(record: Record, text: str) -> None:
    assert not judged(record, text).holds


def test_since_the_step_began(record: Record) -> None:
    begun = record.seq
    text = "call: {name: connect}\nsince: step"
    assert judged(record, text).holds
    assert not judged(record, text, begun).holds
    recorded(entered(9, "connect", pid=5, host="client-a"), record=record)
    assert judged(record, text, begun).count == 1
    assert judged(record, "never: {call: {name: connect}}\nsince: step", begun).holds is False
    assert judged(record, "never: {call: {name: bind}}\nsince: step", begun).holds


def test_a_name_means_the_children_too(record: Record) -> None:
    recorded(started(6, parent=2), started(7, parent=6), ev.FdOpened(pid=7, fd=3, kind="socket"), record=record)
    assert judged(record, "process: {process: server}\ncount: 3").holds
    assert judged(record, "process: {process: server, child: true}\ncount: 2").holds
    assert judged(record, "fd: {process: server, kind: socket}").holds
    assert judged(record, "process: {process: [server, client]}\ncount: 4").holds


def test_a_verdict_brings_the_rows_that_prove_it(record: Record) -> None:
    verdict = judged(record, "socket: {state: ESTABLISHED, remote_port: 40000}\ncount: {at_least: 2}")
    assert (verdict.holds, verdict.count, verdict.wanted) == (False, 1, 2)
    (row,) = verdict.rows
    assert (row.subject, row.key, row.fields["remote"], row.fields["fd"]) == ("socket", "2", "10.0.0.5:40000", 4)
    assert record.seq > row.seq > 0
    both = judged(record, "all:\n  - socket: {state: LISTEN}\n  - packet: {flags: SYN}")
    assert [row.subject for row in both.rows] == ["socket", "packet"]
    assert (both.count, both.wanted) == (2, 2)
    against = judged(record, "never: {socket: {state: SYN-RECEIVED}}")
    assert [row.fields["state"] for row in against.rows] == ["SYN-RECEIVED"]


def quantity(text: str) -> Quantity:
    found = read_measure(read_yaml(text, "lab.md", 1), SCOPE)
    assert isinstance(found, Quantity)
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count: {socket: {host: server}}", 3),
        ("{distinct: remote, of: {socket: {}}}", 3),
        ("{value: local_port, of: {socket: {}}}", 7),
        ("{value: error, of: {call: {name: connect}}}", "ECONNREFUSED"),
        ("{value: remote, of: {socket: {state: CLOSED}}}", None),
        ("{value: remote, of: {socket: {}}}", None),
        ("{value: flags, of: {packet: {}}}", "SYN"),
        ("{sum: bytes, of: {call: {}}}", 6),
    ],
)
def test_quantities(record: Record, text: str, value: Any) -> None:
    assert measure(quantity(text), Scene(record, {})) == value


def test_hints_react(record: Record) -> None:
    def hint(text: str, html: str) -> Hint:
        return Hint(when=read_condition(read_yaml(text, "lab.md", 1), "when", SCOPE), html=html, line=1)

    condition = read_condition(read_yaml("socket: {state: CLOSED}", "lab.md", 1), "a check", SCOPE)
    hints = (hint("call: {error: ECONNREFUSED}", "refused"), hint("call: {error: EACCES}", "no right"))
    check = Check(that="", html="", condition=condition, hints=hints, line=1)
    assert showing_hints(check, Scene(record, {})) == ["refused"]


def test_many_rows_are_counted_and_few_are_handed_out() -> None:
    many = recorded(*(ev.SocketAppeared(**connected(str(n), f"10.0.0.5:{n}")) for n in range(1, 201)))
    verdict = judged(many, "socket: {state: ESTABLISHED}\ncount: 200")
    assert verdict.holds
    assert len(verdict.rows) == 50
    selection = read_selection(read_yaml("socket: {remote_port: {at_most: 3}}", "lab.md", 1), "rows", SCOPE)
    assert [row.key for row in rows_of(selection, Scene(many, {}))] == ["1", "2", "3"]
