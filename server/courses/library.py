"""The labs of a folder as they are now: a file that somebody edits is read again before the next answer.

A lab that cannot be read takes nothing away from the others. It keeps its place, with its problems.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

from server.errors import NotFoundError
from server.lessons.kept import kept_files
from server.lessons.loader import SHELF, load_lab, stamp
from server.lessons.model import Lab
from server.lessons.reference import EMPTY, FILES, Reference, load_reference, place_of
from server.lessons.source import Problem

LOOK_SECONDS = 0.5
"""The folder is looked at no more often than this."""


class LabLibrary:
    """All labs of one folder.

    Args:
        root: The folder.

    Attributes:
        labs: Name → lab, in the order of the names.
        problems: Name of a folder → what is wrong with it.
        reference: The glossary, the misconceptions and the analogies.
        reference_problems: What is wrong with their files.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.labs: dict[str, Lab] = {}
        self.problems: dict[str, tuple[Problem, ...]] = {}
        self.reference: Reference = EMPTY
        self.reference_problems: tuple[Problem, ...] = ()
        self._stamps: dict[str, str] = {}
        self._reference_stamp = ""
        self._looked_at = -LOOK_SECONDS
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Read again what has changed."""
        async with self._lock:
            if time.monotonic() - self._looked_at < LOOK_SECONDS:
                return
            reference = self._stamped_reference()
            if reference != self._reference_stamp:
                self.reference, self.reference_problems = await asyncio.to_thread(load_reference, self.root)
                self._reference_stamp = reference
            stamps = self._stamped(reference)
            changed = [name for name, text in stamps.items() if self._stamps.get(name) != text]
            if changed or stamps.keys() != self._stamps.keys():
                await asyncio.to_thread(self._read, changed, stamps)
            self._looked_at = time.monotonic()

    def edition(self, name: str) -> str:
        """What a lab's files are now, as a short word; another one after each edit."""
        return hashlib.sha256(self._stamps.get(name, "").encode()).hexdigest()[:12]

    async def files(self, name: str) -> Mapping[str, str]:
        """The files of a lab's folder as they are now: name → text. What is no text is left out."""
        return await asyncio.to_thread(kept_files, self.root / self.full_name(name))

    def find(self, name: str) -> Lab:
        """A lab by its folder's name, or by its number alone.

        Raises:
            NotFoundError: There is none, or it cannot be read (``problems`` says why).
        """
        full = self.full_name(name)
        if full not in self.labs:
            raise NotFoundError(f"There is no lab {name[:80]!r}.", "The catalogue, /labs, lists all labs.")
        return self.labs[full]

    def full_name(self, name: str) -> str:
        """The folder's name that a link means: ``03`` stands for ``03-one-port-many-sockets``."""
        known = (*self.labs, *self.problems)
        return next((one for one in known if one == name or one.partition("-")[0] == name), name)

    def after(self, lab: Lab) -> Lab | None:
        """The lab that follows one."""
        names = list(self.labs)
        following = names[names.index(lab.name) + 1 :] if lab.name in self.labs else []
        return self.labs[following[0]] if following else None

    def settling(self) -> Mapping[int, tuple[Lab, int]]:
        """Misconception → the lab and the number of the step that settles it: the first that asks about it."""
        found: dict[int, tuple[Lab, int]] = {}
        for lab in self.labs.values():
            for step in lab.steps:
                for block in step.blocks:
                    for number in getattr(block, "settles", ()):
                        found.setdefault(number, (lab, step.number))
        return found

    def _stamped_reference(self) -> str:
        """What changes when somebody edits one of the files that stand beside the labs."""
        places = [place_of(self.root, name) for name in FILES]
        return "\n".join(f"{place} {place.stat().st_mtime_ns} {place.stat().st_size}" for place in places)

    def _stamped(self, reference: str) -> dict[str, str]:
        """Folder of a lab → what changes when somebody edits it. Shelf and reference are a part of each lab."""
        places = [place for place in sorted(self.root.iterdir()) if place.is_dir()]
        shelf = next((stamp(place) for place in places if place.name == SHELF), "")
        return {
            place.name: f"{stamp(place)}\n{shelf}\n{reference}"
            for place in places
            if place.name != SHELF and _may_be_a_lab(place)
        }

    def _read(self, changed: list[str], stamps: Mapping[str, str]) -> None:
        labs, problems = dict(self.labs), dict(self.problems)
        for name in changed:
            labs.pop(name, None)
            problems.pop(name, None)
            if not (self.root / name / "lab.md").is_file():
                problems[name] = (Problem(name, 0, "This folder has no lab.md.", "Write one, or rename the folder."),)
                continue
            lab, found = load_lab(self.root / name, self.reference.misconceptions)
            if lab is not None:
                labs[name] = lab
            if found:
                problems[name] = found
        self.labs = {name: labs[name] for name in sorted(labs) if name in stamps}
        self.problems = {name: problems[name] for name in sorted(problems) if name in stamps}
        self._stamps = dict(stamps)


def _may_be_a_lab(place: Path) -> bool:
    """As the loader sees it: a folder with a ``lab.md``, or one whose name begins with a number."""
    if place.name.startswith((".", "_")):
        return False
    return (place / "lab.md").is_file() or (place.name[:2].isdigit() and place.name[2:3] == "-")
