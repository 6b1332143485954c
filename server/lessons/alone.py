"""Runs a program of a lab by itself: without sandbox, tracer or limits, as on anybody's machine.

``python -m server.lessons.alone FILE`` enters a network of its own (a loopback and nothing else, so that no
port is taken and nobody is called), without any privilege. ``complaint`` runs a program that way and says
what is wrong with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from server.errors import KernelRefusedError
from server.lessons.source import Problem
from server.linux import netlink
from server.linux.namespaces import CLONE_NEWNET, CLONE_NEWUSER, unshare

SECONDS = 2.0
"""So long a program may run; a server that still runs then has passed."""

_LEARNER = 1000
_REFUSED = "socketlab cannot make a network of its own: "


async def complaint(folder: Path, name: str) -> Problem | None:
    """Run one program of a folder without arguments and say what is wrong with it.

    It passes if it goes on running, ends with code 0, or ends with code 1 and one line that says what it lacks. A
    traceback is no such line, and neither is silence.

    Raises:
        KernelRefusedError: This machine gives no network namespace.
    """
    file = f"{folder.name}/{name}"
    command = [sys.executable, "-P", "-m", "server.lessons.alone", str(folder / name)]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(SECONDS):
            said = (await process.stderr.read()).decode(errors="replace")
            code = await process.wait()
    except TimeoutError:
        return None
    finally:
        _end(process.pid)
        await process.wait()
    if said.startswith(_REFUSED):
        raise KernelRefusedError(f"A program cannot be run by itself here: {said}", "`socketlab doctor` says why.")
    if code == 0 or (code == 1 and len(said.strip().splitlines()) == 1):
        return None
    why = said.strip().splitlines()[-1] if said.strip() else "it says nothing"
    what = f"Run by itself, the program ends with code {code}: {why}"
    return Problem(file, 0, what, "Give its arguments defaults that work on one machine.")


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def main(words: list[str]) -> None:
    """Enter a network of one's own and become the program."""
    try:
        _enter_own_network()
    except OSError as error:
        sys.exit(f"{_REFUSED}{error}")
    python = os.path.join(sys.base_prefix, "bin", "python3")
    argv = ["sh", *words] if words[0].endswith(".sh") else [python, *words]
    # Not the environment of the server: a program must not find our packages.
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    os.execvpe(argv[0], argv, kept)


def _enter_own_network() -> None:
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    Path("/proc/self/setgroups").write_text("deny")
    # Not as root of the namespace: then execve(2) takes all capabilities away.
    Path("/proc/self/uid_map").write_text(f"{_LEARNER} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_LEARNER} {gid} 1")
    with netlink.route_socket() as route:
        netlink.set_up(route, "lo")


if __name__ == "__main__":
    main(sys.argv[1:])
