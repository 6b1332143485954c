"""ES modules to one script, without a build tool: one answer instead of forty, and a page without a server.

Our modules are ordinary ones, and keep to a few forms that a checker holds them to: imports on top,
names in braces, no cycles, exports that are declarations. So a module is a function of what it
imports, and the bundle is these functions called in order:

    import { el, set as put } from "../dom/svg.js"; → const { el, set: put } = $["js/dom/svg.js"];
    export function draw() {…}                      → function draw() {…}  …  return { draw };

Every line but those and the comments is kept, though not indented, so a debugger shows what we wrote.
What this cannot say (a cycle, an export that changes, a default, an import while it runs) is refused, and a
test bundles every page's modules, so nobody meets that refusal but who writes such a line.
"""

from __future__ import annotations

import re
from pathlib import Path

_NAMES = r"\{([^}]*)\}"
_IMPORT = re.compile(rf'^import (?:{_NAMES} from |\* as (\w+) from )?"([^"]+)";$', re.MULTILINE)
_EXPORTED = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(rf"^export {_NAMES};$", re.MULTILINE)
_CAST = re.compile(r"/\*\* @type \{[^`\n]*?\} \*/ ?")
_REMARK = re.compile(r'(?<=[;{,:(]) // [^`"]*$')
_LEFT_OVER = re.compile(r"^(?:import\b|export\b).*|^[^/*\n]*\bawait import\(.*", re.MULTILINE)


class BundleError(Exception):
    """A module uses a form that a bundle cannot have."""


def bundle(entry: Path, root: Path) -> str:
    """One script that does what a module and all that it imports do.

    Args:
        entry: The module that a page names.
        root: The folder that all of them are in; names in the script are relative to it.

    Raises:
        BundleError: A module uses a form that this cannot say, or is not there.
    """
    done: dict[Path, str] = {}
    _visit(entry.resolve(), root.resolve(), done, ())
    return "const $ = {};\n" + "\n".join(done.values())


def _visit(module: Path, root: Path, done: dict[Path, str], way: tuple[Path, ...]) -> None:
    """Put a module behind everything that it imports."""
    if module in done:
        return
    if module in way:
        cycle = " → ".join(path.name for path in (*way[way.index(module) :], module))
        raise BundleError(f"The modules import each other in a circle: {cycle}.")
    if not module.is_relative_to(root) or not module.is_file():
        raise BundleError(f"{way[-1].name if way else 'The page'} names {module.name}, which is not in {root.name}.")
    source = module.read_text("utf-8")
    for match in _IMPORT.finditer(source):
        _visit(_target(module, match[3]), root, done, (*way, module))
    done[module] = _function(source, module, root)


def _target(module: Path, name: str) -> Path:
    if not name.startswith(("./", "../")):
        raise BundleError(f"{module.name} imports {name!r}, which is no file.")
    return (module.parent / name).resolve()


def _function(source: str, module: Path, root: Path) -> str:
    """A module as the call of a function that returns what it exports."""

    def imported(match: re.Match[str]) -> str:
        names, whole, target = match.groups()
        other = f'$["{_target(module, target).relative_to(root).as_posix()}"]'
        if names is not None:
            return f"const {{ {', '.join(_renamed(names, ': '))} }} = {other};"
        return f"const {whole} = {other};" if whole else ""

    exports = [match[2] for match in _EXPORTED.finditer(source)]
    for match in _EXPORT_LIST.finditer(source):
        exports += [": ".join(reversed(pair.split(": "))) for pair in _renamed(match[1], ": ")]
    body = _IMPORT.sub(imported, source)
    body = _bare(_EXPORT_LIST.sub("", _EXPORTED.sub(r"\1 \2", body)))
    if left := _LEFT_OVER.search(body):
        raise BundleError(f"{module.name} has a line that a bundle cannot say: {left[0].strip()}")
    name = module.relative_to(root).as_posix()
    return f'$["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exports)} }};\n}})();'


def _bare(source: str) -> str:
    """A module without comments, casts and indentation: these are for its writers.

    Inside a template literal a line that looks like a comment is text; there an odd number of backticks
    stands before it.
    """
    kept: list[str] = []
    comment = literal = False
    for line in source.split("\n"):
        words = line.strip()
        if comment or (not literal and words.startswith("/**") and words.find("*/") in (-1, len(words) - 2)):
            comment = not words.endswith("*/")
        elif literal or (words and not words.startswith("//")):
            kept.append(line if literal else _CAST.sub("", _REMARK.sub("", line.lstrip())))
            literal ^= line.count("`") % 2 == 1
    return "\n".join(kept)


def _renamed(names: str, between: str) -> list[str]:
    """``a, b as c`` as ``["a", "b: c"]``."""
    parts = [part.split() for part in names.split(",") if part.strip()]
    return [part[0] if len(part) == 1 else f"{part[0]}{between}{part[2]}" for part in parts]
