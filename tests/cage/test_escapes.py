"""Each attempt to get out is refused by the kernel, with the server alive and the neighbour unaffected."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

import server
from server.inet.syscalls import NUMBERS
from server.sandbox.spawn import ENVIRONMENT
from server.sessions.zygote import Zygote
from tests.cage.attempts import ATTEMPTS, Attempt, program
from tests.cage.conftest import Sandboxes, output_of, two_sandboxes

MACHINE = platform.machine()

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandboxes() -> AsyncIterator[Sandboxes]:
    """The same two sandboxes for all attempts: an attempt that does harm spoils the next ones too."""
    zygote = Zygote()
    zygote.start()
    try:
        async with two_sandboxes(zygote) as sandboxes:
            yield sandboxes
    finally:
        await zygote.close()


@pytest.fixture
def outside() -> Iterator[dict[str, Any]]:
    """What stands outside of the sandbox and would answer: a TCP server, a unix socket, this process and its files."""
    abstract = f"socketlab-test-{os.getpid()}"
    with socket.create_server(("0.0.0.0", 0)) as listener, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0{abstract}")
        unix.listen()
        yield {
            "port": listener.getsockname()[1],
            "address": "192.0.2.1",
            "abstract": abstract,
            "server_pid": os.getpid(),
            "server_file": server.__file__,
            **{name: number for number, name in NUMBERS[MACHINE].items()},
        }


@pytest.mark.parametrize("attempt", [a for a in ATTEMPTS if a.only in ("", MACHINE)], ids=lambda attempt: attempt.name)
async def test_refused(sandboxes: Sandboxes, outside: dict[str, Any], attempt: Attempt) -> None:
    text, exited = await output_of(sandboxes.confined, "server", program(attempt.code % outside))
    assert text.split() in [["REFUSED", name] for name in attempt.refused]
    assert exited.code == 0
    await sandboxes.assert_unharmed()


async def test_outside_answers(outside: dict[str, Any]) -> None:
    """The judge of the attempts on the network: from here, what they try works."""
    socket.create_connection(("127.0.0.1", outside["port"]), 2).close()
    with socket.socket(socket.AF_UNIX) as unix:
        unix.connect(f"\0{outside['abstract']}")


@pytest.mark.skipif(MACHINE != "x86_64", reason="only x86-64 processors have a second set of calls")
async def test_calls_of_the_32_bit_abi_kill(sandboxes: Sandboxes) -> None:
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000 cd80 c3"))  # mov eax, 20 (getpid); int 0x80; ret
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
    text, exited = await output_of(sandboxes.confined, "server", code)
    assert (text, exited.signal) == ("", "SIGSYS")


async def test_sees_only_its_own_processes(sandboxes: Sandboxes) -> None:
    code = "import os; print(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()) == [1, os.getpid()])"
    assert (await output_of(sandboxes.confined, "server", code))[0] == "True\n"


async def test_signals_do_not_reach_pid_1(sandboxes: Sandboxes) -> None:
    code = """
import contextlib, os, signal
for number in signal.valid_signals():
    os.kill(1, number)
with contextlib.suppress(ProcessLookupError):  # nobody else was there
    os.kill(-1, signal.SIGKILL)
print("alive")
"""
    assert (await output_of(sandboxes.confined, "server", code))[0] == "alive\n"


async def test_environment_is_ours_alone(sandboxes: Sandboxes) -> None:
    code = "import os; print(sorted(name for name in os.environ if name != 'LC_CTYPE'))"
    assert (await output_of(sandboxes.confined, "server", code))[0] == f"{sorted(ENVIRONMENT)}\n"


async def test_no_descriptor_is_inherited(sandboxes: Sandboxes) -> None:
    code = "import os; print([os.path.exists(f'/proc/self/fd/{fd}') for fd in range(64)].count(True))"
    assert (await output_of(sandboxes.confined, "server", code))[0] == "3\n"


STATUS = """
status = dict(line.split()[:2] for line in open("/proc/self/status") if len(line.split()) > 1)
names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
print({name: status[name + ":"] for name in names})
"""


async def test_no_capability_and_none_to_gain(sandboxes: Sandboxes) -> None:
    text, _ = await output_of(sandboxes.confined, "server", STATUS)
    none = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16)
    assert text == f"{none | {'NoNewPrivs': '1', 'Seccomp': '2'}}\n"


async def test_admin_has_one_capability(sandboxes: Sandboxes) -> None:
    text, _ = await output_of(sandboxes.confined, "server", STATUS, admin=True)
    one = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), f"{1 << 10:016x}")
    assert text == f"{one | {'NoNewPrivs': '1', 'Seccomp': '2'}}\n"


async def test_admin_binds_a_low_port(sandboxes: Sandboxes) -> None:
    code = "import socket; socket.socket().bind(('10.0.0.4', 80)); print('bound')"
    assert (await output_of(sandboxes.confined, "server", code, admin=True))[0] == "bound\n"


async def test_a_program_with_the_setuid_bit_gives_nothing(sandboxes: Sandboxes) -> None:
    code = """
import os, shutil, subprocess
shutil.copy(shutil.which("id"), "/tmp/id")
os.chmod("/tmp/id", 0o6755)
print(subprocess.check_output(["/tmp/id", "-u"], text=True), end="")
"""
    assert (await output_of(sandboxes.confined, "server", code))[0] == "1000\n"


async def test_a_user_cannot_look_into_an_admin(sandboxes: Sandboxes) -> None:
    admin = await sandboxes.confined.start("server", "sleep", "1000", admin=True)
    code = f"open('/proc/{admin}/mem', 'rb')"
    assert (await output_of(sandboxes.confined, "server", program(code)))[0] == "REFUSED EACCES\n"
