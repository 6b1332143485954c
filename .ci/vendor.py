"""Fetch the front end's third-party files and write static/vendor/ with its ORIGINS.md.

Run by hand when a version changes: ``python .ci/vendor.py`` (needs npm). Versions are pinned here,
because a registry's ``latest`` is not always what upstream means by it. Nothing is fetched at run time.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "static" / "vendor"

FILES: dict[str, tuple[str, str, dict[str, str]]] = {
    "htmx.org": ("2.0.11", "0BSD", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"}),
    "@fontsource-variable/atkinson-hyperlegible-next": (
        "5.3.0",
        "OFL-1.1",
        {
            "files/atkinson-hyperlegible-next-latin-wght-normal.woff2": "atkinson-hyperlegible-next.woff2",
            "LICENSE": "atkinson-hyperlegible-next.LICENSE.txt",
        },
    ),
    "@fontsource-variable/atkinson-hyperlegible-mono": (
        "5.3.0",
        "OFL-1.1",
        {
            "files/atkinson-hyperlegible-mono-latin-wght-normal.woff2": "atkinson-hyperlegible-mono.woff2",
            "LICENSE": "atkinson-hyperlegible-mono.LICENSE.txt",
        },
    ),
    "lucide-static": ("1.62.0", "ISC", {"LICENSE": "lucide.LICENSE.txt"}),
}

_ICON_NAMES = """
arrow-right book-open cable check chevron-left chevron-right chevrons-right circle-help circle-stop copy download
ellipsis eye file-code folder-open history info keyboard link list log-out moon network octagon-x pause play plus power
presentation radio rotate-ccw search send server skip-back skip-forward snail step-back step-forward sun sun-moon table
trash-2 triangle-alert unplug waypoints x zap
"""
ICONS = _ICON_NAMES.split()


def main() -> None:
    """Fetch every package, copy what is wanted, write the sprite and the list of origins."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.iterdir():
        old.unlink()
    rows = []
    for package, (version, licence, wanted) in FILES.items():
        with tempfile.TemporaryDirectory() as folder:
            root = _unpack(package, version, Path(folder))
            for source, name in wanted.items():
                (TARGET / name).write_bytes((root / source).read_bytes())
            names = list(wanted.values())
            if package == "lucide-static":
                (TARGET / "icons.svg").write_text(_sprite(root / "icons", version))
                names.append("icons.svg")
        rows += [(name, package, version, licence, _sha256(TARGET / name)) for name in names]
    _write_origins(rows)


def _unpack(package: str, version: str, folder: Path) -> Path:
    packed = subprocess.run(
        ["npm", "pack", "--json", f"{package}@{version}"], cwd=folder, check=True, capture_output=True, text=True
    )
    answer = json.loads(packed.stdout)
    entry = answer[0] if isinstance(answer, list) else next(iter(answer.values()))
    with tarfile.open(folder / entry["filename"]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def _sprite(icons: Path, version: str) -> str:
    symbols = []
    for name in ICONS:
        text = (icons / f"{name}.svg").read_text()
        inner = re.sub(r"\s*\n\s*", "", text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg"><!-- lucide-static {version}, ISC -->'
    return "\n".join([head, *symbols, "</svg>", ""])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_origins(rows: list[tuple[str, str, str, str, str]]) -> None:
    lines = [
        "# Where these files come from",
        "",
        "Unchanged copies from npm packages, except `icons.svg`: one sprite made of the package's single icons.",
        "Made by `python .ci/vendor.py`, where the versions are pinned; a test compares the sums.",
        "",
        "| file | package | version | licence | sha256 |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {name} | {package} | {version} | {licence} | `{digest}` |"
            for name, package, version, licence, digest in rows
        ),
        "",
    ]
    (TARGET / "ORIGINS.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
