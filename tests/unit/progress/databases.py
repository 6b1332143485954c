"""Databases to keep notes in: SQLite in a file, and a PostgreSQL of one's own where the machine has one."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _tool(name: str) -> str | None:
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return shutil.which(name) or (found[-1] if found else None)


def has_postgresql() -> bool:
    """Whether a PostgreSQL server can be started here."""
    return _tool("initdb") is not None and _tool("pg_ctl") is not None


@contextmanager
def postgresql() -> Iterator[str]:
    """A fresh PostgreSQL on a free port; its URL. It refuses to run as root, so root lends it to a user."""
    initdb, control = _tool("initdb"), _tool("pg_ctl")
    assert initdb is not None
    assert control is not None
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        port = free.getsockname()[1]
        free.close()
        os.chown(place, owner.pw_uid, owner.pw_gid)
        data = Path(place) / "data"

        def run(*argv: str) -> None:
            done = subprocess.run(argv, cwd=place, capture_output=True, text=True, timeout=120, **user)
            assert done.returncode == 0, done.stdout + done.stderr

        run(
            initdb, "--pgdata", str(data), "--username", "learner", "--auth", "trust", "--no-sync", "--encoding", "UTF8"
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
        run(control, "start", "-w", "-D", str(data), "-l", str(Path(place) / "log"), "-o", options)
        try:
            yield f"postgresql://learner@127.0.0.1:{port}/postgres"
        finally:
            run(control, "stop", "-w", "-m", "immediate", "-D", str(data))
