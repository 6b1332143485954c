"""What a file says to its readers: a document as a whole, of a program or a stylesheet its docstrings and comments."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PYTHON = re.compile(r'"""(.*?)"""|#([^\n]*)', re.DOTALL)
_OTHERS = re.compile(r"/\*.*?\*/|(?<![:\w])//[^\n]*", re.DOTALL)


def files(*places: str) -> list[Path]:
    """The texts below some folders of the repository, and those beside them; not what others wrote."""
    found = {path for place in places for path in (ROOT / place).rglob("*")} | set(ROOT.glob("*"))
    return sorted(
        path for path in found if path.suffix in (".py", ".md", ".js", ".css") and path.parent.name != "vendor"
    )


def said(path: Path) -> str:
    """The prose of a file."""
    text = path.read_text()
    match path.suffix:
        case ".md":
            return text
        case ".py":
            return "\n".join("".join(found) for found in _PYTHON.findall(text))
        case _:
            return "\n".join(_OTHERS.findall(text))
