"""What this machine allows, as ``doctor`` and the API tell it."""

from __future__ import annotations

import msgspec

from server.sandbox.machine import Check, checks


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was tried.

    Attributes:
        ok: The main job can run: nothing essential is missing.
        checks: What was tried, and what was found.
    """

    ok: bool
    checks: list[Check]


def capabilities() -> Capabilities:
    """Try what a sandbox needs, in a process of its own; takes a part of a second.

    Raises:
        SocketlabError: The process that tries it broke down.
    """
    found = checks()
    return Capabilities(ok=all(check.ok for check in found if check.essential), checks=found)
