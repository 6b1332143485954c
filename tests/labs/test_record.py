"""``socketlab labs record``: a lab played on the real kernel and saved as one file with two logs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from server.courses.state import fold, initial
from server.lab_events import LabFinished, LabStepSettled, decode_lab_entry
from server.lessons.kept import kept_lab
from server.sessions import recorded_logs
from tests.ours import OURS, lab_of

NAME = "05-port-numbers"


def recorded(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "labs", "record", *words], capture_output=True, text=True, timeout=110
    )


def test_a_recorded_lab_is_played_to_its_end(tmp_path: Path) -> None:
    out = tmp_path / "lab.jsonl.gz"
    done = recorded("05", "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    logs = recorded_logs.read(out)
    assert f"holds {NAME}: {sum(map(len, logs.lines.values()))} events" in done.stdout
    told = logs.described("lab")
    assert told is not None
    assert kept_lab(told.lab, told.files).steps == lab_of(NAME).steps
    events = [decode_lab_entry(line) for line in logs.lines[logs.of("lab")]]
    assert isinstance(events[-1], LabFinished) or any(isinstance(event, LabFinished) for event in events)
    settled = [event for event in events if isinstance(event, LabStepSettled)]
    assert [event.step for event in settled] == [step.number for step in lab_of(NAME).steps]
    assert all(one.fits is not False for event in settled for one in event.measured)
    state = initial()
    for event in events:
        fold(state, event)
    assert state["sandbox"] == logs.of("sandbox")
    assert state["at"] <= len(logs.lines[logs.of("sandbox")])


def test_what_cannot_be_recorded_is_said(tmp_path: Path) -> None:
    for words, said in (
        (("99-none", "--out", str(tmp_path / "x.jsonl.gz")), "There is no lab '99-none'"),
        (("05", "--out", str(tmp_path / "none" / "x.jsonl.gz")), "There is no folder"),
    ):
        done = recorded(*words)
        assert done.returncode != 0
        assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_ones_own_can_be_recorded(tmp_path: Path) -> None:
    done = recorded(str(OURS / NAME), "--out", str(tmp_path / "lab.jsonl"))
    assert done.returncode == 0, done.stderr
    assert recorded_logs.read_header(tmp_path / "lab.jsonl") is not None
