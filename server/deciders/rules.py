"""Which packets a person wants held or dropped: rules, each for what fits it, tried in the order they were set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server import commands as cmd
from server.inet.packets import Packet

Action = Literal["hold", "drop"]


@dataclass(slots=True)
class Rule:
    """Hold or drop what fits ``match``, ``left`` times (None: always)."""

    action: Action
    match: cmd.Match
    left: int | None


def fits(match: cmd.Match, packet: Packet, source: str, target: str | None) -> bool:
    """Whether a packet has everything that a match asks for."""
    if match.protocol is not None and packet.protocol != match.protocol:
        return False
    if match.flags is not None and {f for f in match.flags.replace(" ", "").split(",") if f} != set(packet.flags):
        return False
    if match.source_host is not None and source != match.source_host:
        return False
    if match.target_host is not None and target != match.target_host:
        return False
    if match.source_port is not None and packet.source_port != match.source_port:
        return False
    if match.destination_port is not None and packet.destination_port != match.destination_port:
        return False
    return match.payload is None or match.payload == (packet.length > 0)


class Rules:
    """All rules of one sandbox."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def follow(self, action: Action, command: cmd.PacketHold | cmd.PacketDrop) -> int:
        """Set a rule (in place of the one for the same match), or take one or (without a match) all of them away.

        Returns:
            How many rules there are now.
        """
        wanted = command.match if command.match is not None else cmd.Match()
        every = command.off and command.match is None
        self._rules = [r for r in self._rules if not (r.action == action and (every or r.match == wanted))]
        if not command.off:
            self._rules.append(Rule(action, wanted, command.count))
        return len(self._rules)

    def action(self, packet: Packet, source: str, target: str | None) -> Action | None:
        """What the first rule that fits wants; it is used up by that if it was for a number of packets."""
        for rule in self._rules:
            if fits(rule.match, packet, source, target):
                if rule.left is not None:
                    rule.left -= 1
                    if rule.left == 0:
                        self._rules.remove(rule)
                return rule.action
        return None
