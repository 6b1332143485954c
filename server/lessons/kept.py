"""A lab that a recording has kept: its files as texts, and the lab again.

A recording may come from anywhere, so its files are read as those of an author are: with every check of ``loader``, in
a folder of their own that is gone afterwards. Nothing of them is run.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from server.commands import FOLDER_NAME
from server.errors import BadRequestError
from server.lessons.loader import load_lab
from server.lessons.model import Lab

MOST_FILES = 64
MOST_CHARACTERS = 200_000
"""In one file; labs are read by people."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


def kept_files(place: Path) -> Mapping[str, str]:
    """The files of a lab's folder: name → text. What is no text, or not named as a lab's file, is left out."""
    found: dict[str, str] = {}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if not path.is_file() or not _NAME.fullmatch(name) or "__pycache__" in name or len(found) >= MOST_FILES:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) <= MOST_CHARACTERS:
            found[name] = text
    return found


def kept_lab(name: str, files: Mapping[str, str]) -> Lab:
    """The lab that a recording has kept.

    Args:
        name: The lab's name.
        files: Its files: name → text.

    Raises:
        BadRequestError: They are no lab; the message names the first problem.
    """
    hint = "Record the lab again."
    if not FOLDER_NAME.fullmatch(name) or "lab.md" not in files or len(files) > MOST_FILES:
        raise BadRequestError("The recording does not hold the text of its lab.", hint)
    with tempfile.TemporaryDirectory(prefix="socketlab-kept-") as root:
        place = Path(root) / name
        for file, text in files.items():
            if not _NAME.fullmatch(file) or len(text) > MOST_CHARACTERS:
                raise BadRequestError(f"The recording holds a file {file[:60]!r}, which no lab has.", hint)
            path = place / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        lab, problems = load_lab(place)
    if lab is None:
        raise BadRequestError(f"The lab in the recording cannot be read: {problems[0]}", hint)
    return lab
