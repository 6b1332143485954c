"""The text of the lab programs, as a sandbox sees it below ``/labs``: read-only, and nothing else of the disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from server.errors import NotFoundError

LABS = PurePosixPath("/labs")
LARGEST = 64 * 1024
"""The largest file that is shown; no lab program comes near it."""


def source(labs: Path, file: str) -> str:
    """The text of one Python program.

    Args:
        labs: The folder that sandboxes see as ``/labs``.
        file: The program's path inside a sandbox, such as ``/labs/programs/echo_server.py``.

    Raises:
        NotFoundError: There is no such program, or the path leads out of the folder.
    """
    root = labs.resolve()
    asked = PurePosixPath(file)
    hint = "Only the Python programs below /labs can be read."
    if "\0" in file or not asked.is_relative_to(LABS) or asked.suffix != ".py":
        raise NotFoundError(f"{file!r} is no program of a lab.", hint)
    # Resolved first, so that neither ".." nor a symbolic link leads anywhere else.
    path = (root / asked.relative_to(LABS)).resolve()
    if not path.is_relative_to(root) or not path.is_file() or path.stat().st_size > LARGEST:
        raise NotFoundError(f"There is no program {file!r}.", hint)
    return path.read_text("utf-8", errors="replace")
