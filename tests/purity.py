"""Which tests are pure, and what a pure test may not do.

Pure are the tests of some folders, but those of the table of exceptions, those that ask for a fixture of the real
thing, and those that say that they need it (``@pytest.mark.real``). A pure test starts no process and speaks on no
socket, so `make quick` can run it anywhere. This is not left to good faith: while one runs, the interpreter's own
audit events refuse the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
PURE = ("house", "labs", "playbooks", "unit")
"""Folders of pure tests."""
REAL = (
    "labs/test_command.py",
    "labs/test_proof.py",
    "labs/test_record.py",
    "unit/cli/test_replay.py",
    "unit/cli/test_trace.py",
    "unit/lessons/test_alone.py",
    "unit/linux",
    "unit/progress/test_store.py",
    "unit/sandbox/test_confinement.py",
    "unit/sandbox/test_hosts.py",
    "unit/sandbox/test_machine.py",
    "unit/sandbox/test_spawn.py",
    "unit/sandbox/test_trial.py",
    "unit/sandbox/test_zygote.py",
    "unit/sessions/test_client.py",
    "unit/sessions/test_door.py",
)
"""What stands in these folders and needs the real thing: the kernel, a program, a database server."""
REAL_FIXTURES = {"zygote", "lab", "stepped", "browser", "served", "server"}
REFUSED = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "socket.bind",
    "socket.connect",
    "socket.sendto",
    "subprocess.Popen",
}
"""Audit events, https://docs.python.org/3/library/audit_events.html"""

_running: list[str] = []


def is_pure(item: pytest.Item) -> bool:
    """Whether a test is one of those that run anywhere."""
    path = item.path.relative_to(TESTS)
    real = any(path.is_relative_to(place) for place in REAL)
    asked = REAL_FIXTURES & set(getattr(item, "fixturenames", ()))
    return path.parts[0] in PURE and not real and not asked and item.get_closest_marker("real") is None


@contextmanager
def watched(name: str) -> Iterator[None]:
    """While this holds, what a pure test may not do fails."""
    _running.append(name)
    try:
        yield
    finally:
        _running.pop()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _running and event in REFUSED:
        what = f"{event}{arguments!r}"[:200]
        raise AssertionError(f"{_running[-1]} counts as pure and does {what}: mark it `real`, or list it in {__file__}")


sys.addaudithook(_audit)
