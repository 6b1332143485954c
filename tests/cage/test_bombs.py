"""Floods and bombs: each ends at a limit with its name, and neither the server nor the neighbour notices."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server import events as ev
from server.sessions.zygote import Zygote
from tests.cage.conftest import SERVER, Sandboxes, output_of
from tests.laboratory import laboratory

MEGABYTE = 1 << 20

pytestmark = pytest.mark.alone


@pytest_asyncio.fixture
async def small(zygote: Zygote) -> AsyncIterator[Sandboxes]:
    """A sandbox with tight limits, beside an ordinary neighbour."""
    tight = laboratory(
        zygote,
        processes=20,
        open_files=64,
        memory_bytes=128 * MEGABYTE,
        sandbox_memory_bytes=160 * MEGABYTE,
        cpu_seconds=1,
        output_bytes=MEGABYTE,
        file_bytes=4 * MEGABYTE,
    )
    async with tight as confined, laboratory(zygote) as neighbour:
        await neighbour.python("server", SERVER)
        await neighbour.listening("server", 7007)
        sandboxes = Sandboxes(zygote, confined, neighbour)
        yield sandboxes
        await sandboxes.assert_unharmed()


async def test_fork_bomb(small: Sandboxes) -> None:
    code = """
import os, signal
children = []
try:
    while True:
        if not (child := os.fork()):
            signal.pause()
        children.append(child)
except BlockingIOError:
    print("EAGAIN after", len(children))
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
    assert (await output_of(small.confined, "server", code))[0] == "EAGAIN after 19\n"


async def test_fork_bomb_that_nobody_ends(small: Sandboxes) -> None:
    """Each copy forks on for ever; the sandbox can be ended all the same (the fixture does) and killed before."""
    code = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
    pid = await small.confined.python("server", code)
    await small.confined.until("the bomb fills the sandbox", lambda: len(small.confined.all(ev.ProcessStarted)) >= 20)
    assert len(small.confined.all(ev.ProcessStarted)) - len(small.confined.all(ev.ProcessExited)) <= 20
    for process in small.confined.all(ev.ProcessStarted):
        await small.confined.command("process.signal", pid=process.pid, signal="STOP")
    for process in small.confined.all(ev.ProcessStarted):
        await small.confined.command("process.signal", pid=process.pid, signal="KILL")
    await small.confined.exited(pid)
    await small.confined.until(
        "all are gone", lambda: len(small.confined.all(ev.ProcessExited)) == len(small.confined.all(ev.ProcessStarted))
    )


async def test_thread_flood(small: Sandboxes) -> None:
    code = """
import os, threading
block = threading.Event()
try:
    for count in range(1000):
        threading.Thread(target=block.wait, daemon=True).start()
except RuntimeError as error:
    print(error, "after", count, flush=True)
os._exit(0)
"""
    assert (await output_of(small.confined, "server", code))[0] == "can't start new thread after 19\n"


async def test_zombie_flood(small: Sandboxes) -> None:
    code = """
import os
try:
    for count in range(1000):
        if not os.fork():
            os._exit(0)
except BlockingIOError:
    print("EAGAIN after", count)
"""
    assert (await output_of(small.confined, "server", code))[0] == "EAGAIN after 19\n"


async def test_memory_bomb(small: Sandboxes) -> None:
    code = "try:\n    bytearray(1 << 30)\nexcept MemoryError:\n    print('ENOMEM')"
    assert (await output_of(small.confined, "server", code))[0] == "ENOMEM\n"


async def test_shared_memory_bomb(small: Sandboxes) -> None:
    code = "import mmap\ntry:\n    mmap.mmap(-1, 1 << 30)\nexcept OSError as error:\n    print(error.errno)"
    assert (await output_of(small.confined, "server", code))[0] == "12\n"


async def test_memory_bomb_of_many_processes(small: Sandboxes) -> None:
    """None of them is above its own limit; together they are, and the largest is killed."""
    code = "x = bytearray(b'x') * (100 << 20)\nprint('filled')\nimport signal; signal.pause()"
    first = await small.confined.python("server", code)
    await small.confined.until("the first is full", lambda: small.confined.output(first))
    second = await small.confined.python("client-a", code)
    exited = await small.confined.until("one is killed", lambda: small.confined.all(ev.ProcessExited))
    assert exited[0].signal == "SIGKILL"
    assert exited[0].pid in (first, second)


async def test_disk_fill(small: Sandboxes) -> None:
    code = """
import errno
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/home/learner", "/run", "/var/log", "/var/lib"):
    try:
        with open(f"{folder}/large", "wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                pass
    except OSError as error:
        print(folder, errno.errorcode[error.errno])
"""
    lines = (await output_of(small.confined, "server", code))[0].splitlines()
    assert [line.split()[0] for line in lines] == [
        "/tmp", "/var/tmp", "/dev/shm", "/home/learner", "/run", "/var/log", "/var/lib",
    ]  # fmt: skip
    assert {line.split()[1] for line in lines} <= {"ENOSPC", "EFBIG"}


async def test_flood_of_files(small: Sandboxes) -> None:
    code = """
import errno
try:
    for count in range(100_000):
        open(f"/tmp/{count}", "w").close()
except OSError as error:
    print(errno.errorcode[error.errno], count < 2000)
"""
    assert (await output_of(small.confined, "server", code))[0] == "ENOSPC True\n"


async def test_flood_of_descriptors(small: Sandboxes) -> None:
    code = """
import errno, os, resource
try:
    while True:
        last = os.dup(0)
except OSError as error:
    print(errno.errorcode[error.errno], last, resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    assert (await output_of(small.confined, "server", code))[0] == "EMFILE 63 (64, 64)\n"


async def test_flood_of_output(small: Sandboxes) -> None:
    pid = await small.confined.start("server", "yes", "a line that never ends to be repeated")
    assert (await small.confined.exited(pid)).signal in ("SIGKILL", "SIGPIPE", "SIGHUP")
    assert len(small.confined.output(pid)) <= 2 * MEGABYTE


async def test_endless_computation(small: Sandboxes) -> None:
    pid = await small.confined.python("server", "while True: pass")
    assert (await small.confined.exited(pid)).signal == "SIGXCPU"
