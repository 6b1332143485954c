"""How often a host's kernel repeats before it gives up: holds and repeats in, kernel parameters out.

A host begins with its kernel's own defaults. They are made for networks, where what has not arrived after a minute or
two is lost; what somebody holds is not lost. So a hold raises them on every host: the kernel of whoever sent a held
segment repeats it, and so does the kernel of whoever waits for its answer.

The kernel reads these parameters whenever a timer of a socket ends (tcp_write_timeout() and reqsk_timer_handler()), so
a value counts for sockets that are there already. For the same reason a host gets its defaults back only when nothing
is held and it repeats nothing any more: a SYN that has gone ten times would time out at once with the default of 6.

What a person has set stays, during a hold too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

WHILE_HELD: Final[dict[str, tuple[int, str]]] = {
    # Seven timeouts of 1 s to 64 s, then one each 120 s (TCP_RTO_MAX).
    "net.ipv4.tcp_syn_retries": (20, "something is held: a SYN may wait for half an hour"),
    "net.ipv4.tcp_synack_retries": (20, "something is held: a SYN-ACK may wait for half an hour"),
    # From 200 ms on, which is the least between hosts as near to each other as these.
    "net.ipv4.tcp_retries2": (30, "something is held: data may wait for three quarters of an hour"),
    "net.ipv4.tcp_orphan_retries": (20, "something is held: the FIN of a closed socket may wait for 25 minutes"),
}
"""What a host has while something is held, and why. A default that is greater stays."""

OVER: Final = "nothing is held any more, and nothing is repeated"


class SetParameter(msgspec.Struct, frozen=True):
    """Set a kernel parameter of a host, and log it."""

    host: str
    name: str
    value: str
    why: str


class Patience:
    """The hosts of one sandbox, and which of them have more than their defaults."""

    def __init__(self) -> None:
        self._defaults: dict[str, dict[str, str]] = {}
        self._chosen: set[tuple[str, str]] = set()
        self._raised: dict[str, list[str]] = {}

    def attach(self, host: str, defaults: Mapping[str, str]) -> None:
        """A host is there; ``defaults`` is what its kernel began with, of the parameters that this kernel has."""
        self._defaults[host] = {name: defaults[name] for name in WHILE_HELD if name in defaults}

    def chosen(self, host: str, name: str) -> None:
        """A person has set a parameter of a host."""
        self._chosen.add((host, name))

    def look(self, *, held: bool, repeating: Collection[str]) -> list[SetParameter]:
        """What is to be set now.

        Args:
            held: Whether something is held.
            repeating: The hosts with a socket that has sent something again and has no answer yet.
        """
        if held:
            patient = [host for host in self._defaults if host not in self._raised]
            return [step for host in patient for step in self._raise(host)]
        over = [host for host in self._raised if host not in repeating]
        return [step for host in over for step in self._set_back(host)]

    def _raise(self, host: str) -> list[SetParameter]:
        steps = [
            SetParameter(host, name, str(value), why)
            for name, (value, why) in WHILE_HELD.items()
            if int(self._defaults[host].get(name, value)) < value and (host, name) not in self._chosen
        ]
        self._raised[host] = [step.name for step in steps]
        return steps

    def _set_back(self, host: str) -> list[SetParameter]:
        return [
            SetParameter(host, name, self._defaults[host][name], OVER)
            for name in self._raised.pop(host)
            if (host, name) not in self._chosen
        ]
