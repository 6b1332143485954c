"""A lab run as a recording: its own log and that of its present or last sandbox, if it is still kept."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from server.courses.courses import Courses
from server.errors import NotFoundError
from server.sessions.door import Door
from server.sessions.recorded_logs import Header, LogHeader, heading


async def run_recording(courses: Courses, door: Door, run: str) -> tuple[Mapping[str, Sequence[bytes]], Header]:
    """The lines of a run's logs, and the heading of a recording of them.

    What stands on a sandbox that the run no longer has is in it too; that sandbox's own log is not.

    Raises:
        NotFoundError: There is no such run.
    """
    state, sandbox = await courses.state(run), await courses.last_sandbox(run)
    lab = courses.library.labs.get(state["lab"])
    files = await courses.library.files(state["lab"])
    logs = {run: LogHeader(kind="lab", lab=state["lab"], edition=state["edition"], files=dict(files))}
    lines = {run: [line async for line in courses.lines(run)]}
    with contextlib.suppress(NotFoundError):  # it is forgotten
        lines[sandbox] = [line async for piece in door.lines(sandbox) for line in piece]
        logs[sandbox] = LogHeader(kind="sandbox")
    return lines, heading(logs, lab.question if lab is not None else state["lab"])
