"""Child processes that never outlive the bench, and what ``/proc`` says about processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from server.linux.process import die_with_parent
from server.sandbox.plan import search_path

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parent.parent
END_SECONDS = 15
"""So long a child may take to end after SIGTERM; then it is killed."""


def python() -> str:
    """The interpreter that a sandbox's programs get as ``python3``; peers run on the same one."""
    return shutil.which("python3", path=search_path()) or sys.executable


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one, for this process and its children; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def on_one_processor() -> list[str]:
    """The words that make a command run on one processor of ours: the last."""
    return ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def timed(words: list[str]) -> float:
    """Seconds from posix_spawn(3) of a command until it has ended."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    start = time.perf_counter()
    pid = os.posix_spawn(words[0], words, os.environ, file_actions=silent)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return seconds


@asynccontextmanager
async def child(words: Sequence[str], **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child with pipes as standard input and output. At the end it gets SIGTERM, and SIGKILL if need be."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | environment,
        preexec_fn=die_with_parent,  # so that nothing is left if the bench is killed
        limit=1 << 26,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def output(words: Sequence[str], told: bytes = b"") -> bytes:
    """Run a command to its end; returns its standard output.

    Raises:
        RuntimeError: Its exit code is not 0.
    """
    async with child(words) as process:
        out, _ = await process.communicate(told)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)[:200]} ended with {process.returncode}")
    return out


async def line(process: asyncio.subprocess.Process, seconds: float = 60) -> bytes:
    """The next line that a child prints.

    Raises:
        RuntimeError: It has ended, or it says nothing for too long.
    """
    assert process.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            said = await process.stdout.readline()
    except TimeoutError:
        raise RuntimeError(f"a child process said nothing for {seconds} s") from None
    if not said:
        raise RuntimeError("a child process ended before it said what was expected")
    return said


# What /proc says


def descendants(pid: int) -> list[int]:
    """Every process below ``pid``, parents before their children."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found[1:]


def children(pid: int) -> list[int]:
    """The processes whose parent is ``pid``."""
    return [other for other in descendants(pid) if _parent(other) == pid]


def cpu_seconds(pid: int, *, ended_children: bool = False) -> float:
    """Processor time that a process has used, in user and in kernel mode; 0 if it is gone.

    Args:
        pid: Which.
        ended_children: Add the time of its children that have ended.
    """
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had resident (VmHWM)."""
    return _kilobytes(f"/proc/{pid}/status", "VmHWM:")


def proportional_bytes(pid: int) -> int | None:
    """The memory of a process, shared pages counted in parts (PSS); None if we may not know."""
    try:
        return _kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:")
    except OSError:
        return None


def _parent(pid: int) -> int:
    try:
        return int(_stat(pid)[1])
    except OSError:
        return 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _kilobytes(file: str, name: str) -> int:
    for row in Path(file).read_text().splitlines():
        if row.startswith(name):
            return int(row.split()[1]) << 10
    return 0
