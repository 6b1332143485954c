"""Modules as one script: the same names, the same order, and a refusal for what cannot be said."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.folders import folder
from server.web.bundle import BundleError, bundle


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
    assert "gone" not in made(tmp_path, main=text)


def test_comments_are_left_out_and_text_that_looks_like_them_is_not(tmp_path: Path) -> None:
    comment = "/**\n * What f does.\n * @param {string} a\n */\n"
    text = "  return `${a}\n// a line of text\n/** another */`; // why\n"
    script = made(tmp_path, main=f"{comment}// Why.\n\nfunction f(a) {{\n{text}}}\n// end\n")
    assert f"(() => {{\nfunction f(a) {{\n{text.lstrip()}}}\nreturn" in script
    script = made(tmp_path, main='const a = 1; // why\nconst b = "no; // comment";\n')
    assert 'const a = 1;\nconst b = "no; // comment";\nreturn' in script


@pytest.mark.parametrize("name", ["app.js", "home.js", "lab.js", "presenter.js", "site.js"])
def test_our_own_modules_can_be_bundled(name: str) -> None:
    static = folder("static")
    assert f'$["js/page/{name}"]' in bundle(static / "js" / "page" / name, static)
