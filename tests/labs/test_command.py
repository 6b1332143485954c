"""``socketlab labs check`` as a person runs it, and the guide as a person follows it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from docs.generate import FOLDER
from tests.labs.sound import SOUND, edited, write


def check(*words: str) -> tuple[int, str, str]:
    """Exit code, output and errors of one run."""
    command = [sys.executable, "-m", "server.cli", "labs", "check", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def test_all_is_well(tmp_path: Path) -> None:
    write(tmp_path)
    code, out, errors = check(str(tmp_path))
    assert (code, errors) == (0, "")
    assert re.fullmatch(
        r"ok     01-sound  live  [\d.]+ s\nok     01-sound  step  [\d.]+ s\n1 of 1 labs are as they claim\.\n", out
    )


def test_what_is_wrong_is_told_and_the_others_are_played(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "02-unreadable", edited("minutes: 5", "minuts: 5"))
    write(tmp_path, "03-dishonest", edited("  - 1: One is missing.\n  - 2: right", "  - 1: right\n  - 2: No."))
    write(tmp_path, "04-helpless", program="import sys\nprint(sys.argv[1])\n")
    code, out, errors = check("--pace", "live", str(tmp_path))
    assert code == 1
    assert "ok     01-sound  live" in out
    assert "fails  03-dishonest  live" in out
    assert out.endswith("1 of 4 labs are as they claim. Not so: 02-unreadable, 03-dishonest, 04-helpless.\n")
    assert "02-unreadable/lab.md:5: `the front matter` has no key `minuts`. Did you mean `minutes`?" in errors
    assert "03-dishonest/lab.md:34: The run answers 2 to this prediction, the lab '1'." in errors
    assert "04-helpless/hello.py: Run by itself, the program ends with code 1: IndexError" in errors


def test_what_is_wrong_beside_the_labs_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "glossary.md").write_text("## port\n\nA number.\n\n- se: socket\n")
    code, out, errors = check("--pace", "live", str(tmp_path))
    assert (code, errors) == (1, "glossary.md:5: An entry has no key `se`. Did you mean `see`?\n")
    assert out.endswith("1 of 1 labs are as they claim. Not so: glossary.md.\n")


def test_one_lab_alone(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "02-unreadable", edited("minutes: 5", "minuts: 5"))
    code, out, errors = check("--pace", "live", str(tmp_path / "01-sound"))
    assert (code, errors) == (0, "")
    assert out.endswith("1 of 1 labs are as they claim.\n")


def test_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for words, what in (
        ([str(tmp_path / "nowhere")], "is no folder."),
        ([str(tmp_path / "empty")], "There is no lab in"),
        (["--times", "0"], "--times is 0."),
        (["--pause", "-1"], "--pause is -1.0."),
    ):
        code, _, errors = check(*words)
        assert code == 2
        assert what in errors


def test_the_first_lab_of_the_guide_plays_as_the_guide_says(tmp_path: Path) -> None:
    guide = (FOLDER / "labs.md").read_text()
    found = re.search(r"````markdown\n(---\n.*?)````", guide, re.DOTALL)
    assert found is not None
    write(tmp_path, "01-hello", found[1], program="")
    code, out, errors = check(str(tmp_path))
    assert (code, errors) == (0, "")
    assert re.sub(r"[\d.]+ s", "", out).split() == re.sub(r"[\d.]+ s", "", shown(guide)).split()


def test_the_first_mistake_of_the_guide_is_told_as_the_guide_says(tmp_path: Path) -> None:
    guide = (FOLDER / "labs.md").read_text()
    found = re.search(r"````markdown\n(---\n.*?)````", guide, re.DOTALL)
    assert found is not None
    write(tmp_path, "01-hello", found[1].replace("state: LISTEN,", "state: LISTENING,"), program="")
    code, _, errors = check(str(tmp_path))
    assert code == 1
    assert errors.strip() in guide


def shown(guide: str) -> str:
    """What the guide shows below its first command."""
    found = re.search(r"\$ socketlab labs check my-labs\n(.*?)```", guide, re.DOTALL)
    assert found is not None
    return found[1]


def test_a_lab_passes_while_somebody_reads_between_its_steps(tmp_path: Path) -> None:
    write(tmp_path)
    began = time.monotonic()
    code, out, errors = check("--pace", "live", "--pause", "1.5", str(tmp_path))
    assert (code, errors) == (0, "")
    assert "ok     01-sound" in out
    assert time.monotonic() - began >= 1.5 * (SOUND.count("\n## ") - 1)


WATCH = """
import os, subprocess, sys
from server.linux.process import become_subreaper
become_subreaper()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
try:
    print("left:", os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("nobody")
"""
"""Orphans of a command become children of this program, which then looks for them."""


def test_a_check_leaves_no_process_behind(tmp_path: Path) -> None:
    write(tmp_path)
    command = [sys.executable, "-m", "server.cli", "labs", "check", "--pace", "live", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", WATCH, *command], capture_output=True, text=True, check=False)
    assert done.stdout == "nobody\n"
