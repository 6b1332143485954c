"""The story of each recording as text, for people to read.

``python -m tests.recordings.stories`` writes them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from server import events as ev
from server.events import decode_entry
from server.sessions import recording
from server.story.beats import Story
from tests.recordings.make import path_of
from tests.recordings.runs import RUNS

FOLDER = Path(__file__).parent / "stories"


def story_of(events: Iterable[ev.Event]) -> Story:
    """The beats and scenes of a whole log."""
    story = Story()
    for event in events:
        story.add(event)
    return story


def events_of(name: str) -> list[ev.Event]:
    """The events of a recorded run."""
    return [decode_entry(line) for line in recording.read(path_of(name))]


def text_of(story: Story) -> str:
    """Scenes as headings, below each its beats with their ids."""
    headings = {scene.id: str(scene.heading) for scene in story.scenes}
    lines: list[str] = []
    for beat in story.beats:
        if beat.id == beat.scene:
            lines += ["", headings[beat.scene]]
        lines.append(f"{beat.id:>6}  {beat}")
    return "\n".join(lines[1:]) + "\n"


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in RUNS:
        (FOLDER / f"{name}.txt").write_text(text_of(story_of(events_of(name))))


if __name__ == "__main__":
    main()
