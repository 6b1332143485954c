"""A sandbox's story as lines that a person can read: scenes as headings, below each its beats, a sentence or few each.

Pure: events in, lines out. A beat is complete when the next one begins, and printed then; a heading that grows while
its scene goes on ("2 connections are made") is printed again.
"""

from __future__ import annotations

from server import events as ev
from server.story.beats import Story

_BOLD, _DIM = "1", "2"


class Storyline:
    """Turns one sandbox's events, in order, into the lines of its story.

    Args:
        colour: Whether lines carry ANSI colours.
    """

    def __init__(self, *, colour: bool = False) -> None:
        self._colour = colour
        self._story = Story()
        self._shown = 0
        self._heading = ""
        self._times: list[int] = []

    def lines(self, event: ev.Event) -> list[str]:
        """The lines that are complete now that ``event`` has happened."""
        self._story.add(event)
        if len(self._story.beats) > len(self._times):
            self._times.append(event.t)
        return self._up_to(len(self._story.beats) - 1)

    def rest(self) -> list[str]:
        """The beat that was open at the end of the log."""
        return self._up_to(len(self._story.beats))

    def _up_to(self, end: int) -> list[str]:
        lines: list[str] = []
        for number in range(self._shown, end):
            beat = self._story.beats[number]
            scene = next(scene for scene in reversed(self._story.scenes) if scene.id == beat.scene)
            if (heading := str(scene.heading)) != self._heading or beat.id == scene.id:
                self._heading = heading
                lines += ["", self._paint(_BOLD, heading)]
            lines.append(f"{self._paint(_DIM, f'{self._times[number] / 1e9:11.6f}')}  {beat}")
        self._shown = max(self._shown, end)
        return lines

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text
