"""Which packet a retransmission repeats.

A TCP segment that occupies sequence space (SYN, FIN or data) and starts where an earlier one of the same direction
started repeats it.
"""

from __future__ import annotations

from collections import OrderedDict

from server.inet.packets import Packet

_FLOWS = 16_384  # directions of connections whose segments are remembered
_SEGMENTS = 64  # segments remembered for each


class Repeats:
    """The first and the latest copy of each segment, in each direction of each connection."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], OrderedDict[tuple[int | None, str], tuple[int, int]]] = OrderedDict()

    def copies(self, packet: Packet, packet_id: int) -> tuple[int, int] | None:
        """The ids of the first and of the latest earlier copy of a segment.

        Returns:
            None if there is none: then the segment is remembered as ``packet_id``.
        """
        if packet.protocol != "tcp" or not (packet.length or "SYN" in packet.flags or "FIN" in packet.flags):
            return None
        direction = (packet.source, packet.destination)
        segments = self._seen.get(direction)
        if segments is None:
            segments = self._seen[direction] = OrderedDict()
            if len(self._seen) > _FLOWS:
                self._seen.popitem(last=False)
        start = _start(packet)
        copies = segments.get(start)
        if copies is None:
            segments[start] = (packet_id, packet_id)
            if len(segments) > _SEGMENTS:
                segments.popitem(last=False)
        return copies

    def travels(self, packet: Packet, packet_id: int) -> None:
        """A copy goes its own way: it is the latest now."""
        segments = self._seen[packet.source, packet.destination]
        first, _ = segments[_start(packet)]
        segments[_start(packet)] = (first, packet_id)


def _start(packet: Packet) -> tuple[int | None, str]:
    kind = "SYN" if "SYN" in packet.flags else "FIN" if not packet.length else "data"
    return packet.sequence, kind
