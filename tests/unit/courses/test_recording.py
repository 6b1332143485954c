"""A run as a recording: its own log, its present sandbox's, and its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import lab_events as le
from server.courses.recording import run_recording
from server.errors import NotFoundError
from server.folders import folder
from server.lab_acts import StartLab
from server.sessions import recorded_logs
from tests.recordings.lab_runs import RUNS, learner, path_of


@pytest.mark.real
async def test_a_run_is_recorded_with_its_sandbox_and_its_text(tmp_path: Path) -> None:
    async with learner("01") as one:
        lines, header = await run_recording(one.courses, one.door, one.run)
        assert list(header.logs) == [one.run], "without a sandbox there is the run alone"
        await one.does(StartLab(act="start-one", step=1))
        await one.sees(lambda state: state["mood"] == "live")
        sandbox = await one.courses.sandbox(one.run)
        lines, header = await run_recording(one.courses, one.door, one.run)
        assert {log: said.kind for log, said in header.logs.items()} == {one.run: "lab", sandbox: "sandbox"}
        said = header.logs[one.run]
        assert (said.lab, header.title) == (one.lab.name, one.lab.question)
        assert said.files == {"lab.md": (folder("labs") / one.lab.name / "lab.md").read_text()}
        assert said.edition == one.courses.library.edition(one.lab.name)
        recorded_logs.write(tmp_path / "a.jsonl.gz", lines, header)
        assert recorded_logs.read(tmp_path / "a.jsonl.gz").lines == lines
        with pytest.raises(NotFoundError):
            await run_recording(one.courses, one.door, "run-0000")


@pytest.mark.parametrize("name", RUNS)
def test_a_runs_events_stand_on_events_that_are_in_the_file(name: str) -> None:
    found = recorded_logs.read(path_of(name))
    run, sandbox = found.of("lab"), found.of("sandbox")
    events = [le.decode_lab_entry(line) for line in found.lines[run]]
    assert max(event.at for event in events if event.sandbox == sandbox) <= len(found.lines[sandbox])
    assert events[-1].sandbox == sandbox
