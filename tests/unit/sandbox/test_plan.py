"""The root as a list of steps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.errors import KernelRefusedError
from server.linux.mounts import MOUNT_ATTR_RDONLY
from server.linux.namespaces import CLONE_NEWNS, CLONE_NEWPID
from server.sandbox import plan
from server.sandbox.confinement import Limits
from server.sandbox.plan import Bind, Directory, Link, Proc, Text, Tmpfs
from tests.unit.linux.apart import apart


def test_every_step_says_what_it_does() -> None:
    steps = [*plan.skeleton_steps(plan.labs_folder()), *plan.sandbox_steps(Limits())]
    words = plan.describe(steps)
    assert "mount /proc, where only the sandbox's processes are" in words
    assert "mount 16384 KiB of memory for 4096 files at /tmp" in words
    assert "show /usr read-only at /usr" in words
    assert len(set(words)) == len(words)


def test_nothing_of_the_machine_can_be_written() -> None:
    binds = [step for step in plan.skeleton_steps(plan.labs_folder()) if isinstance(step, Bind)]
    assert all(step.attributes & MOUNT_ATTR_RDONLY for step in binds)


def test_links_of_merged_systems_stay_links() -> None:
    steps = plan.skeleton_steps(plan.labs_folder())
    links = {step.path: step.target for step in steps if isinstance(step, Link) and step.path.count("/") == 1}
    assert links == {path: os.readlink(path) for path in plan._SYSTEM if os.path.islink(path)}


def test_simple_steps(tmp_path: Path) -> None:
    steps: list[plan.Step] = [Directory("/a/b", 0o700), Text("/a/file", b"content"), Link("/a/link", "file")]
    plan.execute(steps, str(tmp_path))
    assert (tmp_path / "a" / "link").read_bytes() == b"content"
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_step_that_fails_says_which_it_is(tmp_path: Path) -> None:
    with pytest.raises(KernelRefusedError, match=r"A step failed: link /missing/link to file: .*No such file"):
        plan.execute([Directory("/a"), Link("/missing/link", "file")], str(tmp_path))


@pytest.mark.real
def test_mounting_steps() -> None:
    def go() -> int:
        steps: list[plan.Step] = [
            Tmpfs("/", 1 << 20, 100),
            Directory("/proc"),
            Proc(),
            Directory("/store"),
            Text("/store/file", b"content"),
            Bind("/store", "/shown", MOUNT_ATTR_RDONLY, inner=True),
        ]
        child = os.fork()
        if child == 0:
            plan.execute(steps, "/mnt")
            try:
                os.mkdir("/mnt/shown/new")
            except OSError:
                os._exit(0 if os.listdir("/mnt/proc").count("1") and os.path.exists("/mnt/shown/file") else 2)
            os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert apart(go, CLONE_NEWNS | CLONE_NEWPID) == 0


def test_labs_of_ones_own_stand_beside_our_programs(tmp_path: Path) -> None:
    (tmp_path / "my-lab").mkdir()
    binds = {step.path: step.source for step in plan._labs_steps(str(tmp_path)) if isinstance(step, Bind)}
    assert binds == {
        "/labs/my-lab": str(tmp_path / "my-lab"),
        "/labs/programs": f"{plan.labs_folder()}/programs",
    }


def test_labs_with_programs_are_shown_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir()
    assert plan._labs_steps(str(tmp_path)) == [Bind(str(tmp_path), "/labs")]


def test_python_in_the_learners_home_stays_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.base_prefix", "/home/learner/python")
    shown = [step for step in plan.sandbox_steps(Limits()) if isinstance(step, Bind)]
    inner = Bind("/home/learner/python", "/tmp/home/python", attributes=0, inner=True)
    assert shown.index(inner) < shown.index(Bind("/tmp/home", "/home/learner", attributes=0, inner=True))


def test_python_below_tmp_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.base_prefix", "/tmp/python")
    with pytest.raises(KernelRefusedError, match="below /tmp"):
        plan.build_skeleton(plan.labs_folder())


def test_the_root_covers_nothing_that_is_needed() -> None:
    assert plan._place([]) == "/tmp"
    assert plan._place(["/tmp/checkout/server"]) == "/mnt"


def test_search_path_begins_with_our_python() -> None:
    assert plan.search_path().split(":")[0] == f"{plan.python_prefix()}/bin"
    assert "/usr/bin" in plan.search_path().split(":")
