"""A program's whole way, on a machine as it is, as a busy person starts it, and where one call is forbidden."""

from __future__ import annotations

import errno
import fcntl
import json
import resource
import subprocess
import sys

import pytest

from server.errors import KernelRefusedError
from server.inet.syscalls import NUMBERS
from server.linux import process, seccomp
from server.linux.calls import MACHINE
from server.linux.seccomp import Rule, errno_action
from server.sandbox import machine, trial
from tests.unit.linux.apart import apart

CLI = [sys.executable, "-m", "server.cli"]


def without(call: str, number: int, *tests: seccomp.Test) -> str:
    """What ``trial.run`` says where a call fails, always or with these arguments."""

    def go() -> str:
        filtered = {
            next(n for n, name in NUMBERS[MACHINE].items() if name == call): [Rule(errno_action(number), tests)]
        }
        process.forbid_new_privileges()
        seccomp.install(seccomp.encode(seccomp.assemble(MACHINE, {}, filtered, max(NUMBERS[MACHINE]))))
        entry = next(entry for entry in machine._TRIES if entry.attempt is trial.run)
        check = machine._try(entry)
        assert not check.ok
        assert check.essential
        assert check.hint
        return check.detail

    return apart(go)


def test_a_program_runs_and_is_seen() -> None:
    assert apart(trial.run).startswith("python3 ran, and ")


@pytest.mark.parametrize("nice", [0, 3, 15, 19])
def test_programs_start_at_any_priority(nice: int) -> None:
    """A program yields to its observer; nobody may raise a priority, so it is never asked for."""
    asked = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
    command = ["nice", "-n", str(nice), *CLI, "trace", "--json", "--on", "server", f'python3 -c "{asked}"']
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["text"] for event in events if event["type"] == "process.output"] == [f"{min(19, nice + 5)}\n"]


def test_the_doctor_starts_a_program_at_any_priority() -> None:
    done = subprocess.run(["nice", "-n", "15", *CLI, "doctor", "--json"], capture_output=True, timeout=120)
    assert done.returncode == 0
    check = next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "a program in a sandbox")
    assert check["ok"]
    assert "python3 ran" in check["detail"]


# A call that fails in a process of the way, and what is said then.


@pytest.mark.parametrize(
    ("call", "number", "tests", "says"),
    [
        ("setpriority", errno.EACCES, (), "python3 could not start: setpriority failed with EACCES."),
        (
            "prlimit64",
            errno.EPERM,
            (seccomp.Test(1, "in", (resource.RLIMIT_MSGQUEUE,)), seccomp.Test(2, "not in", (0,))),
            "python3 could not start: setrlimit RLIMIT_MSGQUEUE failed with EPERM.",
        ),
        (
            "fcntl",
            errno.EMFILE,
            (seccomp.Test(1, "in", (fcntl.F_DUPFD_CLOEXEC,)), seccomp.Test(2, "in", (3,))),
            "python3 could not start: fcntl failed with EMFILE.",
        ),
        ("capset", errno.EPERM, (), "python3 could not start: capset failed with EPERM."),
        (
            "sethostname",
            errno.EPERM,
            (),
            "The sandbox could not be made: sethostname: EPERM (Operation not permitted).",
        ),
        (
            "sched_setaffinity",
            errno.EINVAL,
            (),
            "The sandbox's process could not be prepared: sched_setaffinity: EINVAL (Invalid argument).",
        ),
        ("unshare", errno.ENOSPC, (), "unshare: ENOSPC (No space left on device)."),
        ("chmod", errno.EROFS, (), "A step failed: make the folder "),
    ],
)
def test_a_failed_preparation_names_its_call(
    call: str, number: int, tests: tuple[seccomp.Test, ...], says: str
) -> None:
    assert says in without(call, number, *tests)


def test_a_sandbox_whose_program_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "ARGV", ("python3", "-c", "raise SystemExit(3)"))

    def go() -> str:
        with pytest.raises(KernelRefusedError) as caught:
            trial.run()
        return caught.value.detail

    assert "python3 could not do its work" in apart(go)
