"""What of a log is told, as a table: for each type of event its rules, of which the first that fits counts.

A rule fits when every predicate in ``when`` holds; ``predicates`` has them, here and, by the same names, in
``static/js/story/predicates.js``. An event without a fitting rule is background: drawn and listed, never a stop.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Purpose = Literal["start", "connect", "refused", "failed", "bytes", "datagrams", "end", "over", "change", "last"]
"""What a scene is about."""


class Rule(msgspec.Struct, frozen=True):
    """One way to tell an event.

    Attributes:
        message: Its sentence; empty: background after all.
        when: Predicates that all hold.
        leads: What the scene is about that it begins when another is on; empty: it stays in the one that is on.
        joins: It is part of the beat before it, if that one's last message is one of these and both are about the
            same packet, call, socket, connection or process.
        alone: Whether it is told when there is no such beat; if not, it is background then: it was told already.
    """

    message: str
    when: tuple[str, ...] = ()
    leads: Purpose | Literal[""] = ""
    joins: tuple[str, ...] = ()
    alone: bool = True


_CROSSED = ("packet.synack", "packet.ack", "packet.data", "packet.refusal", "packet.rst", "packet.udp", "packet.icmp")
"""Segments whose leaving and arriving are one beat, if nothing happens between. Those that open and close are two."""
_LEFT = ("packet.syn", "packet.fin", "packet.again", *_CROSSED)
_ARRIVED = ("packet.arrives", "packet.copy", *_LEFT)
_ENDING = ("packet.fin", "packet.arrives", "close.asks", "shutdown.asks", "row.fin-wait-1", "row.fin-wait-2",
           "row.close-wait", "row.last-ack", "row.closing", "row.time-wait", "row.closed")  # fmt: skip

RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "host.added": (Rule("host.joins", ("running",), leads="change"),),
    "process.started": (
        Rule("program.forks", ("forked",)),
        Rule("program.starts", (), leads="start"),
    ),
    "process.executed": (
        Rule("", ("tool",)),
        Rule("program.becomes", (), joins=("program.starts", "program.forks")),
    ),
    "process.output": (Rule("", ("tool",)), Rule("program.prints", ("wordy",))),
    "process.exited": (
        Rule("", ("tool",)),
        Rule("program.killed", ("by_signal",), leads="over"),
        Rule("program.fails", ("nonzero",), leads="over"),
        Rule("program.ends", (), leads="over"),
    ),
    "syscall.entered": (
        Rule("", ("tool",)),
        Rule("connect.asks", ("connecting", "stream"), leads="connect"),
        Rule("send.hands", ("handing", "connected"), leads="bytes"),
        Rule("send.hands", ("handing", "datagram"), leads="datagrams"),
        Rule("close.asks", ("closing", "connected"), leads="end"),
        Rule("shutdown.asks", ("shutting", "connected"), leads="end"),
    ),
    "syscall.blocked": (
        Rule("", ("tool",)),
        Rule("accept.waits", ("accepting", "first_wait")),
        Rule("recv.waits", ("taking", "on_socket", "first_wait")),
        Rule("poll.waits", ("polling", "serves", "first_wait")),
    ),
    "syscall.returned": (
        Rule("", ("tool",)),
        Rule("connect.starts", ("in_progress", "connecting", "stream"), joins=("connect.asks", "row.syn-sent")),
        Rule("", ("not_yet",)),
        Rule("call.fails", ("refused", "connecting", "stream"), leads="refused"),
        Rule("call.fails", ("failed", "connecting", "stream"), leads="failed"),
        Rule("call.fails", ("failed", "weighty")),
        Rule("", ("failed",)),
        Rule("accept.pairs", ("accepting", "ungiven", "unnamed")),
        Rule("accept.gives", ("accepting", "ungiven")),
        Rule("socket.made", ("making", "tcp_made")),
        Rule("connect.returns", ("connecting", "stream")),
        Rule("recv.empty", ("taking", "datagram", "nothing")),
        Rule("recv.gets", ("taking", "datagram")),
        Rule("recv.ends", ("taking", "on_socket", "nothing")),
        Rule("recv.gets", ("taking", "on_socket")),
    ),
    "fd.opened": (),
    "fd.closed": (),
    "socket.appeared": (
        Rule("row.request", ("in_syn_received", "unowned"), joins=_ARRIVED),
        Rule("row.waits", ("in_established", "tcp", "unowned"), joins=_ARRIVED),
    ),
    "socket.changed": (
        Rule("row.bound", ("newly_bound",)),
        Rule("row.listens", ("turned", "in_listen")),
        Rule("row.syn-sent", ("turned", "in_syn_sent"), joins=("connect.asks", "packet.syn"), alone=False),
        Rule("row.both", ("turned", "in_syn_received", "made"), joins=_ARRIVED),
        Rule("row.request", ("turned", "in_syn_received"), joins=_ARRIVED),
        Rule("row.waits", ("turned", "in_established", "tcp", "from_request"), joins=_ARRIVED),
        Rule("row.established", ("turned", "in_established", "tcp"), joins=_ARRIVED),
        Rule("row.fin-wait-1", ("turned", "in_fin_wait_1"), joins=_ENDING, alone=False),
        Rule("row.fin-wait-2", ("turned", "in_fin_wait_2"), joins=_ENDING),
        Rule("row.close-wait", ("turned", "in_close_wait"), joins=_ENDING),
        Rule("row.last-ack", ("turned", "in_last_ack"), joins=_ENDING, alone=False),
        Rule("row.closing", ("turned", "in_closing"), joins=_ENDING),
        Rule("row.time-wait", ("turned", "in_time_wait"), joins=_ENDING),
        Rule("row.closed", ("turned", "in_closed"), joins=(*_ENDING, "packet.rst", "packet.refusal")),
        Rule("row.owned", ("taken", "untold")),
        Rule("row.shared", ("shared",)),
        Rule("row.full", ("in_listen", "filled"), joins=("row.waits",)),
        Rule(
            "row.bytes",
            ("more_bytes",),
            joins=("packet.arrives", "packet.copy", "packet.data", "packet.udp"),
            alone=False,
        ),
    ),
    "socket.vanished": (Rule("row.deaf", ("in_listen",)),),
    "packet.sent": (
        Rule("", ("copy",)),
        Rule("packet.again", ("repeat",)),
        Rule("packet.syn", ("syn",), leads="connect"),
        Rule("packet.synack", ("synack",)),
        Rule("packet.ack", ("ack", "third")),
        Rule("packet.data", ("data",), leads="bytes", joins=("send.hands",)),
        Rule("packet.fin", ("fin",), leads="end", joins=("close.asks", "shutdown.asks")),
        Rule("packet.refusal", ("rst", "refusal"), leads="refused"),
        Rule("packet.rst", ("rst",), leads="end", joins=("close.asks",)),
        Rule("packet.udp", ("udp",), leads="datagrams", joins=("send.hands",)),
        Rule("", ("discovery",)),
        Rule("packet.icmp", ("icmp",)),
    ),
    "packet.held": (Rule("packet.held", ("known", "told"), joins=(*_LEFT, "row.syn-sent")),),
    "packet.delivered": (
        Rule("packet.copy", ("copied", "across")),
        Rule("packet.arrives", ("told", "across"), joins=_CROSSED),
    ),
    "packet.dropped": (
        Rule("", ("copied",)),
        Rule("packet.lost", ("known",), joins=_LEFT),
    ),
    "moment.pending": (),
    "moment.released": (),
    "pace.changed": (),
    "wire.changed": (Rule("wire.changes", (), leads="change"),),
    # What the sandbox does to be patient during a hold is on the host's card.
    "sysctl.changed": (Rule("", ("unasked",)), Rule("sysctl.changes", (), leads="change")),
    "command.accepted": (),
    "command.refused": (Rule("command.refused"),),
    "observation.lost": (Rule("observer.missed"),),
    "sandbox.closed": (Rule("sandbox.ends"),),
}
"""Type of event → its rules, the first that fits counts."""
