"""The runs that the golden recordings show: real programs on the real engine, each brought to its point.

They stand in ``runs_of_connections.py``, ``runs_of_programs.py`` and ``runs_of_packets.py``; here is their order.
"""

from __future__ import annotations

from tests.recordings import runs_of_connections as connections
from tests.recordings import runs_of_packets as packets
from tests.recordings import runs_of_programs as programs
from tests.recordings.playing import Run

_IN_ORDER = (
    connections.handshake_by_steps,
    connections.three_clients_one_port,
    connections.refused,
    packets.lost_syn,
    connections.half_close,
    connections.time_wait,
    packets.datagrams,
    programs.unix_sockets,
    programs.fork,
    programs.asyncio_server,
    programs.threads,
    connections.full_backlog,
    programs.kill,
    connections.ipv6,
    connections.loopback,
    connections.reset,
    connections.sixty,
    connections.ten_ports,
    packets.joining_host,
    packets.held_and_duplicated,
    packets.slow_pace,
    programs.web,
)
RUNS: dict[str, Run] = {run.name: run for run in _IN_ORDER}
"""Every run by the name of its file."""
