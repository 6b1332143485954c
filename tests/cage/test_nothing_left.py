"""When a sandbox ends, for whatever reason, nothing of it is left: seen from outside, in /proc."""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from server import events as ev
from server.sessions.sandbox import Sandbox
from server.sessions.zygote import Zygote
from tests.cage.conftest import Sandboxes
from tests.judges.outside import outer_pid
from tests.laboratory import Laboratory, laboratory

DAEMON = """
import os, signal, sys
ready, tell = os.pipe()
if not os.fork():
    os.setsid()
    if not os.fork():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        open("/tmp/file", "w").write(sys.argv[1])
        os.write(tell, b"!")
        while True:
            signal.sigwait(signal.valid_signals())
    os._exit(0)
os.read(ready, 1)
"""


def with_argument(mark: str) -> list[int]:
    """The processes of the machine that have this argument."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark.encode() in arguments:
                found.append(int(entry.name))
    return found


async def leave_daemon(lab: Laboratory) -> str:
    """Let a program leave a daemon behind that ignores every signal; returns the mark in its arguments."""
    mark = secrets.token_hex(8)
    pid = await lab.python("server", DAEMON, mark)
    await lab.exited(pid)
    assert with_argument(mark)
    return mark


def wait_for_end(pidfd: int) -> None:
    """Wait until the process of a pidfd has ended; pid 1 ends last of its namespace."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    assert poll.poll(60_000)
    os.close(pidfd)


async def test_after_delete(zygote: Zygote) -> None:
    async with laboratory(zygote) as lab:
        mark = await leave_daemon(lab)
    assert with_argument(mark) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a namespace without a process")
async def test_connections_after_delete(zygote: Zygote) -> None:
    async with laboratory(zygote) as lab:
        server = await lab.python("server", "import socket\nkept = socket.create_server(('', 7777)).accept()\ninput()")
        await lab.listening("server", 7777)
        await lab.python("client-a", "import socket\nkept = socket.create_connection(('10.0.0.4', 7777))\ninput()")
        await lab.until("it is accepted", lambda: lab.all(ev.SyscallReturned, new_fd=4))
        netns = os.open(f"/proc/{outer_pid(lab, server)}/ns/net", os.O_RDONLY)
        assert "ESTAB" in sockets_in(netns)
    try:
        end = time.monotonic() + 60
        while sockets_in(netns):  # the kernel's timers end them, after less than a second
            assert time.monotonic() < end, sockets_in(netns)
    finally:
        os.close(netns)


def sockets_in(netns: int) -> str:
    """What ``ss`` lists in a network namespace."""
    command = ["nsenter", f"--net=/proc/self/fd/{netns}", "ss", "-Htan"]
    return subprocess.run(command, pass_fds=[netns], capture_output=True, text=True, check=True).stdout


async def test_after_sigkill_of_the_sandbox(zygote: Zygote) -> None:
    async with laboratory(zygote) as lab:
        mark = await leave_daemon(lab)
        os.kill(lab.sandbox.pid, signal.SIGKILL)
        await lab.sandbox.ended.wait()
        assert with_argument(mark) == []


async def test_after_sigkill_of_the_zygote(zygote: Zygote) -> None:
    async with laboratory(zygote) as lab:
        mark = await leave_daemon(lab)
        pidfd = os.pidfd_open(lab.sandbox.pid)
        os.kill(zygote.pid, signal.SIGKILL)
        wait_for_end(pidfd)
        assert with_argument(mark) == []


async def test_mounts_and_namespaces_of_the_server_are_as_before(zygote: Zygote) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    descriptors = len(os.listdir("/proc/self/fd"))
    async with laboratory(zygote) as lab:
        pid = await lab.start("server", "true")
        await lab.exited(pid)
    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert len(os.listdir("/proc/self/fd")) <= descriptors


async def test_the_zygote_keeps_nothing(zygote: Zygote) -> None:
    """After many sandboxes it has the descriptors and the mounts of the first hour, and no child."""

    def kept() -> tuple[int, str, str]:
        base = Path(f"/proc/{zygote.pid}")
        children = (base / "task" / str(zygote.pid) / "children").read_text()
        return len(os.listdir(base / "fd")), (base / "mountinfo").read_text(), children

    async with laboratory(zygote):
        pass
    before = kept()
    assert before[2] == ""
    for _ in range(20):
        async with laboratory(zygote):
            pass
    assert kept() == before


async def test_the_next_sandbox_sees_no_file_of_the_last(sandboxes: Sandboxes) -> None:
    await leave_daemon(sandboxes.confined)
    async with laboratory(sandboxes.zygote) as fresh:
        pid = await fresh.python("server", "import os; print(os.listdir('/tmp'))")
        await fresh.exited(pid)
        assert fresh.output(pid) == "[]\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give sandboxes ids of their own")
async def test_each_sandbox_has_an_id_of_its_own(sandboxes: Sandboxes) -> None:
    def uid(sandbox: Sandbox) -> int:
        lines = Path(f"/proc/{sandbox.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Uid:")).split()[1])

    assert len({uid(sandboxes.confined.sandbox), uid(sandboxes.neighbour.sandbox), 0}) == 3
