"""What the server, the zygote and a sandbox's process say to each other: a Struct for each message, all of it JSON.

    server  → zygote    ``Fork``, with one end of the sandbox's channel
    zygote  → server    ``Forked`` or ``NotForked``; after ``Forked``, one day, ``Exited``
    server  → sandbox   ``Order``, one a line
    sandbox → server    lines of the log, as they are kept; between them ``Done`` or ``Refused``, one a line

A line of the log begins with ``{"seq":`` and no other message does, so that the server hands it on undecoded.
"""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec

from server.commands import Command, HostResult
from server.errors import Problem
from server.events import Pace
from server.sandbox.confinement import Limits

READY = 0
"""The ``ref`` of a sandbox's first reply, which nobody asked for: it takes orders now, or could not be made."""


class HostSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host that a sandbox shall have: its name and its addresses with their prefix length."""

    name: str
    addresses: list[str]


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """Make a sandbox. Members of ``limits`` that are left out have their defaults."""

    sandbox: str
    hosts: list[HostSpec]
    pace: Pace = "live"
    limits: Limits = Limits()


class Forked(msgspec.Struct, frozen=True, kw_only=True, tag="forked"):
    """The sandbox's process runs; ``pid`` is its number outside."""

    sandbox: str
    pid: int


class NotForked(msgspec.Struct, frozen=True, kw_only=True, tag="not-forked"):
    """The sandbox's process could not be made; nothing of it is left."""

    sandbox: str
    problem: Problem


class Exited(msgspec.Struct, frozen=True, kw_only=True, tag="exited"):
    """The sandbox's process has ended: with an exit ``code``, or by the ``signal`` with this number."""

    sandbox: str
    code: int | None = None
    signal: int | None = None


News = Forked | NotForked | Exited


class Close(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="sandbox.close"):
    """End the sandbox; ``why`` is what ``sandbox.closed`` says."""

    why: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Do something, and reply with this ``ref``."""

    ref: int
    order: Command | Close


class Ready(TypedDict):
    """The result in the first reply: the hosts that the sandbox began with."""

    hosts: list[HostResult]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The order was carried out. The shape of ``result`` is the one that the order is answered with (so Any)."""

    ref: int
    result: Any


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The order was refused; nothing has changed."""

    ref: int
    problem: Problem


Reply = Done | Refused
