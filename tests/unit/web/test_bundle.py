"""Modules as one script: the same names, the same order, and a refusal for what cannot be said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.folders import folder
from server.web.bundle import BundleError, bundle, modules
from server.web.rendering import needed_by


def made(tmp_path: Path, **modules: str) -> str:
    for name, text in modules.items():
        (tmp_path / f"{name}.js").write_text(text)
    return bundle(tmp_path / "main.js", tmp_path)


def test_what_is_imported_comes_first_and_once(tmp_path: Path) -> None:
    script = made(
        tmp_path,
        main='import { a } from "./a.js";\nimport { b as c } from "./b.js";\nimport "./side.js";\na(c);\n',
        a='import { b } from "./b.js";\nexport function a() {\n  return b;\n}\n',
        b="export const b = 1;\n",
        side="globalThis.done = true;\n",
    )
    places = [script.index(f'$["{name}.js"] = ') for name in ("b", "a", "side", "main")]
    assert places == sorted(places)
    assert script.count('$["b.js"] = ') == 1
    assert 'const { b: c } = $["b.js"];' in script
    assert "return { a };" in script
    assert "import " not in script
    assert "export " not in script


def test_every_form_of_export_is_returned(tmp_path: Path) -> None:
    text = (
        "export const one = 1;\nexport function two() {}\nexport async function three() {}\nexport class Four {}\n"
        "export function* five() {}\nconst six = 6;\nexport { six, six as seven };\n"
    )
    assert "return { one, two, three, Four, five, six, seven: six };" in made(tmp_path, main=text)


def test_a_whole_module_has_one_name(tmp_path: Path) -> None:
    assert 'const all = $["a.js"];' in made(
        tmp_path, main='import * as all from "./a.js";\nall.a();\n', a="export class a {}\n"
    )


def test_names_of_folders_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "main.js").write_text('import { a } from "../a.js";\n')
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    script = bundle(tmp_path / "js" / "main.js", tmp_path)
    assert 'const { a } = $["a.js"];' in script
    assert '$["js/main.js"]' in script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('import { a } from "./a.js";\n', "circle: main.js → a.js → main.js"),
        ('import { a } from "./none.js";\n', "main.js names none.js"),
        ('import { a } from "../../outside.js";\n', "main.js names outside.js"),
        ('import { a } from "lit";\n', "imports 'lit'"),
        ('import a from "./a.js";\n', "cannot say: import a"),
        ("export default 1;\n", "cannot say: export default 1;"),
        ("export let changes = 1;\n", "cannot say: export let changes"),
        ('const { a } = await import("./a.js");\n', "cannot say"),
    ],
)
def test_what_a_bundle_cannot_say_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BundleError, match=message.replace("(", r"\(")):
        made(tmp_path, main=text, a='import { b } from "./main.js";\nexport const a = 1;\n')


def test_types_in_comments_are_no_imports(tmp_path: Path) -> None:
    text = '/** @typedef {import("./gone.js").Gone} Gone */\n// import { a } from "./gone.js";\nconst a = 1;\n'
    assert text in made(tmp_path, main=text)


@pytest.mark.parametrize("name", ["app.js", "site.js"])
def test_our_own_modules_can_be_bundled(name: str) -> None:
    static = folder("static")
    assert f'$["js/{name}"]' in bundle(static / "js" / name, static)


def test_modules_are_listed_behind_what_they_import(tmp_path: Path) -> None:
    made(tmp_path, main='import { a } from "./a.js";\na();\n', a='import "./b.js";\nexport function a() {}\n', b="")
    assert [path.name for path in modules(tmp_path / "main.js", tmp_path)] == ["b.js", "a.js", "main.js"]


def test_a_page_asks_at_once_for_everything_that_its_module_imports() -> None:
    listed = needed_by("app")
    assert "/static/js/app.js" not in listed, "the page names it itself"
    static = folder("static")
    imported = re.compile(r'^import (?:.* from )?"\./(\w+)\.js";$', re.MULTILINE)
    for address in (*listed, "/static/js/app.js"):
        text = (static / address.removeprefix("/static/")).read_text()
        assert {f"/static/js/{name}.js" for name in imported.findall(text)} <= set(listed), address
