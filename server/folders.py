"""Where the files are that travel with the program: ``templates``, ``static`` and ``labs``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parent


def folder(name: Literal["templates", "static", "labs"]) -> Path:
    """The folder ``name``: inside the package if it was installed from a wheel, beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
