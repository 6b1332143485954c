"""Root is not needed: the same sandboxes, made by a user without any privilege. (Without root, all tests are that.)"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import server
from server.inet.syscalls import NUMBERS
from server.sessions.zygote import Zygote
from tests.cage.attempts import ATTEMPTS, program
from tests.cage.conftest import output_of, two_sandboxes

USER = "54321"
PLACES = [str(Path(server.__file__).parent.parent), str(Path(msgspec.__file__).parent.parent)]
CHOSEN = {
    "read the machine's passwords",
    "write to the root",
    "read pid 1's environment",
    "reach the server's own port",
    "become root",
    "make a user namespace",
    "the call mount",
}


async def play() -> None:
    """What the ordinary user does: two sandboxes, a connection, a few attempts to get out."""
    zygote = Zygote()
    zygote.start()
    try:
        async with two_sandboxes(zygote) as sandboxes:
            facts = {name: number for number, name in NUMBERS[os.uname().machine].items()} | {"port": 9}
            for attempt in (a for a in ATTEMPTS if a.name in CHOSEN):
                text, _ = await output_of(sandboxes.confined, "server", program(attempt.code % facts))
                assert text.split() in [["REFUSED", name] for name in attempt.refused], attempt.name
            text, _ = await output_of(sandboxes.confined, "server", "import os; print(os.getresuid(), os.getgroups())")
            assert text == "(1000, 1000, 1000) []\n", text
    finally:
        await zygote.close()


def as_user(interpreter: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code as an ordinary user."""
    setpriv = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all"]
    environment = {"PYTHONPATH": ":".join(PLACES), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    command = [*setpriv, interpreter, "-c", code]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=120, check=False)


def usable_interpreter() -> str | None:
    """A Python with which that user can import us: our own if the user can reach it, else the system's."""
    # It must be able to start itself: setpriv can start one that the user cannot reach.
    again = "import sys, msgspec, server; sys.exit(sys.version_info < (3, 11))"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{again}'], check=True)"
    return next((path for path in (sys.executable, "/usr/bin/python3") if as_user(path, code).returncode == 0), None)


@pytest.mark.skipif(os.geteuid() != 0, reason="this is an ordinary user already")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_an_ordinary_user_has_sandboxes_too() -> None:
    interpreter = usable_interpreter()
    if interpreter is None:
        pytest.skip("no Python of this machine lets an ordinary user import us")
    done = as_user(interpreter, "from tests.cage import test_ordinary_user as it; it.main()")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == f"{USER}\n"


def main() -> None:
    """Play as whoever this is, and say who it was."""
    asyncio.run(play())
    print(os.geteuid())
