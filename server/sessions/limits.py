"""Limits: one table of what a server, a visitor, an address and a sandbox may use.

Each row can be changed by the environment: ``SOCKETLAB_`` and the row's name in capitals, such as
``SOCKETLAB_SANDBOXES=16``. A value that makes no sense stops the start instead of being guessed at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from server.errors import BadRequestError

MEGABYTE = 1024 * 1024


def _row(default: int, text: str) -> int:
    row: int = field(default=default, metadata={"help": text})
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be used, by one server and by each sandbox on it."""

    sandboxes: int = _row(128, "sandboxes that run at the same time on this server")
    sandboxes_per_visitor: int = _row(8, "sandboxes that one visitor may run at the same time")
    sandboxes_per_address: int = _row(64, "sandboxes that one network address may run at the same time")
    idle_seconds: int = _row(900, "seconds without a command or a viewer after which a sandbox ends")
    remembered_seconds: int = _row(3600, "seconds for which the log of an ended sandbox is kept, as its recording")
    remembered: int = _row(128, "ended sandboxes whose logs are kept; the oldest are forgotten first")
    remembered_bytes: int = _row(256 * MEGABYTE, "bytes of the logs of ended sandboxes; the oldest are forgotten first")
    viewer_seconds: int = _row(20, "seconds that a viewer may take to accept one message")
    hosts: int = _row(8, "hosts in one sandbox")
    processes: int = _row(256, "processes and threads in one sandbox")
    open_files: int = _row(1024, "open files of one process; programs may not raise it")
    memory_bytes: int = _row(512 * MEGABYTE, "writable memory of one process, in bytes")
    sandbox_memory_bytes: int = _row(512 * MEGABYTE, "memory of all processes of one sandbox, in bytes")
    cpu_seconds: int = _row(600, "CPU time of one process, in seconds")
    output_bytes: int = _row(4 * MEGABYTE, "output of one process that is kept, in bytes")
    file_bytes: int = _row(16 * MEGABYTE, "size of the files in one sandbox's /tmp, in bytes")
    log_events: int = _row(2_000_000, "events in one sandbox's log; a sandbox that reaches it ends")
    run_events: int = _row(50_000, "events in one lab run's log; a run that reaches it takes no more acts")

    def for_sandbox(self) -> dict[str, int]:
        """The rows that the sandbox's own process keeps, as the zygote takes them."""
        return {name: getattr(self, name) for name in SANDBOX_ROWS}

    def for_one_user(self) -> Limits:
        """The table for a command at a terminal: whoever runs it has the machine, and nobody else's share is taken."""
        return replace(
            self, sandboxes=sys.maxsize, sandboxes_per_visitor=sys.maxsize, sandboxes_per_address=sys.maxsize
        )


def duration(seconds: int) -> str:
    """A limit of time, as people say it."""
    count, unit = (seconds, "second") if seconds < 120 else (round(seconds / 60), "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


SANDBOX_ROWS = (
    "hosts",
    "processes",
    "open_files",
    "memory_bytes",
    "sandbox_memory_bytes",
    "cpu_seconds",
    "output_bytes",
    "file_bytes",
    "log_events",
)
"""The limits that travel to the sandbox; the others are kept by the server."""


def environment_name(row: str) -> str:
    """The environment variable that changes a row."""
    return f"SOCKETLAB_{row.upper()}"


def limits_from(environ: Mapping[str, str] | None = None) -> Limits:
    """The table with the environment's changes.

    Raises:
        BadRequestError: A variable holds no positive whole number.
    """
    environ = os.environ if environ is None else environ
    changed: dict[str, int] = {}
    for row in fields(Limits):
        name = environment_name(row.name)
        text = environ.get(name)
        if text is None:
            continue
        if not (text.isascii() and text.isdigit()) or int(text) == 0:
            what = row.metadata["help"]
            raise BadRequestError(f"{name} is {text!r}.", f"Give a whole number above 0: {what}.")
        changed[row.name] = int(text)
    return Limits(**changed)
