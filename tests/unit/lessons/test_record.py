from __future__ import annotations

from server import events as ev
from server.lessons.fields import CallView, FdView, LineView, MomentView, PacketView, ProcessView, SysctlView
from tests.unit.lessons.logs import LISTENING, connected, entered, hosts, recorded, returned, sent, started


def test_sockets_are_those_that_are_there_now() -> None:
    record = recorded(
        ev.SocketAppeared(**LISTENING),
        ev.SocketAppeared(**connected("2", "10.0.0.5:40000")),
        ev.SocketChanged(**connected("2", "10.0.0.5:40000", recv_queue=3)),
        ev.SocketVanished(**LISTENING),
    )
    (row,) = record.now("socket")
    assert (row.key, row.seq, row.view["recv_queue"]) == ("2", 3, 3)
    assert [(seen.key, seen.seq) for seen in record.ever("socket")] == [("1", 1), ("2", 2), ("2", 3)]


def test_calls_stay_and_say_whether_they_came_back() -> None:
    record = recorded(entered(1, "bind", fd=3), entered(2, "listen"), returned(1, error="EADDRINUSE"))
    first, second = record.now("call")
    assert isinstance(first.view, CallView)
    assert isinstance(second.view, CallView)
    assert (first.seq, first.view.returned is not None) == (3, True)
    assert (second.seq, second.view.returned) == (2, None)
    assert [(seen.key, seen.seq) for seen in record.ever("call")] == [("1", 1), ("1", 3), ("2", 2)]
    assert [seen.key for seen in record.now("call", frozenset({"listen"}))] == ["2"]


def test_a_call_is_held_while_its_moment_waits() -> None:
    record = recorded(started(2), entered(1, "accept4"), ev.MomentPending(moment=1, kind="syscall", call=1))
    (call,) = record.now("call")
    (moment,) = record.now("moment")
    assert isinstance(call.view, CallView)
    assert isinstance(moment.view, MomentView)
    assert call.view.held
    assert moment.view.call is call.view.entered
    recorded(ev.MomentReleased(moment=1, kind="syscall", call=1), record=record)
    (call,) = record.now("call")
    assert isinstance(call.view, CallView)
    assert not call.view.held
    assert list(record.now("moment")) == []
    assert [seen.seq for seen in record.ever("moment")] == [3]


def test_packets_stay_with_their_fate_and_without_their_bytes() -> None:
    record = recorded(
        sent(1, "SYN"), ev.PacketHeld(packet=1, why="step pace"), ev.PacketDelivered(packet=1), sent(2, "ACK")
    )
    first, second = record.now("packet")
    assert isinstance(first.view, PacketView)
    assert (first.seq, first.view.status, first.view.why, first.view.sent.raw) == (3, "delivered", "forwarded", "")
    assert isinstance(second.view, PacketView)
    assert second.view.status == "in-flight"
    assert [seen.seq for seen in record.ever("packet")] == [1, 2, 3, 4]


def test_lines_are_put_together_from_pieces() -> None:
    record = recorded(
        started(2),
        ev.ProcessOutput(pid=2, stream="stdout", text="hel"),
        ev.ProcessOutput(pid=2, stream="stderr", text="oh\n"),
        ev.ProcessOutput(pid=2, stream="stdout", text="lo\nunfini"),
    )
    lines = [seen.view for seen in record.now("output")]
    assert [(line.stream, line.text) for line in lines if isinstance(line, LineView)] == [
        ("stderr", "oh"),
        ("stdout", "hello"),
        ("stdout", "unfini"),
    ]
    assert all(isinstance(line, LineView) and line.host == "server" for line in lines)


def test_processes_and_their_children() -> None:
    record = recorded(started(2), started(3, parent=2), ev.ProcessExited(pid=3, code=1))
    first, second = record.now("process")
    assert isinstance(second.view, ProcessView)
    assert (first.key, second.key, second.seq, second.view.entry["code"]) == ("2", "3", 3, 1)
    assert record.parents == {3: 2}
    past = [
        (seen.key, seen.view.entry["status"]) for seen in record.ever("process") if isinstance(seen.view, ProcessView)
    ]
    assert past == [("2", "running"), ("3", "running"), ("3", "exited")]


def test_descriptors_go_with_their_process() -> None:
    record = recorded(
        started(2), ev.FdOpened(pid=2, fd=3, kind="socket", socket="1"), ev.FdOpened(pid=2, fd=4, kind="file"),
        ev.FdClosed(pid=2, fd=4, kind="file"),
    )  # fmt: skip
    (row,) = record.now("fd")
    assert isinstance(row.view, FdView)
    assert (row.view.fd, row.view.host, row.seq) == (3, "server", 2)
    recorded(ev.ProcessExited(pid=2, code=0), record=record)
    assert list(record.now("fd")) == []
    assert len(list(record.ever("fd"))) == 2


def test_kernel_parameters() -> None:
    name = "net.ipv4.tcp_tw_reuse"
    record = recorded(*hosts(), ev.SysctlChanged(host="server", name=name, value="1"))
    (row,) = record.now("sysctl")
    assert row.view == SysctlView("server", name, "1")
    assert [seen.view for seen in record.ever("sysctl")] == [row.view]
