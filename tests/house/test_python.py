"""The house in Python: floors, maps, mirrors, generated pages, and no habit that we gave up."""

from __future__ import annotations

import ast
import importlib
import re
import typing
from pathlib import Path

import pytest

from docs import generate
from server import commands, events, lab_acts, lab_events

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "server"
MODULES = sorted(path.relative_to(SERVER) for path in SERVER.rglob("*.py"))
PACKAGES = sorted(path.parent for path in MODULES if path.name == "__init__.py")

TESTED_ELSEWHERE = {
    # What only the real thing can show is tested against the real thing.
    "cli/__init__.py": "tests/web/test_serve.py",
    "cli/__main__.py": "tests/web/test_serve.py",
    "cli/doctor.py": "tests/unit/sandbox/test_machine.py",
    "cli/labs.py": "tests/labs/test_proof.py",
    "cli/labs_record.py": "tests/labs/test_record.py",
    "cli/replay.py": "tests/browser/test_replay.py",
    "cli/serve.py": "tests/web/test_serve.py",
    "courses/courses.py": "tests/web/test_labs.py",
    "courses/recording.py": "tests/browser/test_lab_recordings.py",
    "courses/reports.py": "tests/unit/courses/test_decide.py",
    "courses/runner.py": "tests/web/test_restart.py",
    "courses/shapes.py": "tests/unit/courses/test_state.py",
    "deciders/patience.py": "tests/playbooks/test_deciders.py",
    "deciders/repeats.py": "tests/playbooks/test_deciders.py",
    "deciders/rules.py": "tests/playbooks/test_deciders.py",
    "deciders/sleepers.py": "tests/playbooks/test_deciders.py",
    "deciders/switch.py": "tests/playbooks/test_deciders.py",
    "deciders/tracee.py": "tests/playbooks/test_deciders.py",
    "deciders/tracees.py": "tests/playbooks/test_deciders.py",
    "errors.py": "tests/web/test_problems.py",
    "folders.py": "tests/packaging/test_wheel.py",
    "json_value.py": "tests/unit/test_events.py",
    "lessons/query.py": "tests/unit/lessons/test_conditions.py",
    "lessons/model.py": "tests/unit/lessons/test_loader.py",
    "lessons/play.py": "tests/labs/test_proof.py",
    "lessons/proof.py": "tests/labs/test_proof.py",
    "linux/interpreter.py": "tests/kernel/test_programs.py",
    "linux/packet_socket.py": "tests/kernel/test_wire.py",
    "linux/pidfd.py": "tests/kernel/test_descriptors.py",
    "linux/ptrace.py": "tests/judges/test_strace.py",
    "progress/migrations/env.py": "tests/unit/progress/test_store.py",
    "progress/migrations/versions/v0001_learners.py": "tests/unit/progress/test_store.py",
    "progress/migrations/versions/v0002_runs.py": "tests/unit/progress/test_store.py",
    "progress/tables.py": "tests/unit/progress/test_store.py",
    "sandbox/channel.py": "tests/kernel/test_causality.py",
    "sandbox/descriptors.py": "tests/kernel/test_descriptors.py",
    "sandbox/door.py": "tests/kernel/test_failures.py",
    "sandbox/journal.py": "tests/kernel/test_causality.py",
    "sandbox/loop.py": "tests/kernel/test_causality.py",
    "sandbox/messages.py": "tests/unit/sessions/test_zygote.py",
    "sandbox/owners.py": "tests/kernel/test_descriptors.py",
    "sandbox/programs.py": "tests/kernel/test_programs.py",
    "sandbox/sources.py": "tests/kernel/test_programs.py",
    "sandbox/table.py": "tests/judges/test_ss.py",
    "sandbox/tracer.py": "tests/judges/test_strace.py",
    "sandbox/unlisted.py": "tests/kernel/test_bound_sockets.py",
    "sandbox/watch.py": "tests/kernel/test_causality.py",
    "sandbox/wire.py": "tests/kernel/test_wire.py",
    "sessions/capabilities.py": "tests/unit/sandbox/test_machine.py",
    "shapes.py": "tests/unit/test_state.py",
    "web/access.py": "tests/web/test_security.py",
    "web/api.py": "tests/web/test_api.py",
    "web/app.py": "tests/web/test_api.py",
    "web/assets.py": "tests/web/test_assets.py",
    "web/catalogue.py": "tests/web/test_catalogue.py",
    "web/contexts.py": "tests/browser/test_playground.py",
    "web/cookies.py": "tests/web/test_visitors.py",
    "web/feeds.py": "tests/web/test_stream.py",
    "web/labs.py": "tests/web/test_labs.py",
    "web/openapi.py": "tests/web/test_api.py",
    "web/pages.py": "tests/browser/test_playground.py",
    "web/own.py": "tests/web/test_own.py",
    "web/panels.py": "tests/browser/test_playground.py",
    "web/problems.py": "tests/web/test_problems.py",
    "web/recordings.py": "tests/browser/test_replay.py",
    "web/reference.py": "tests/web/test_catalogue.py",
    "web/rendering.py": "tests/browser/test_playground.py",
    "web/security.py": "tests/web/test_security.py",
    "web/serving.py": "tests/web/test_serve.py",
    "web/stream.py": "tests/web/test_stream.py",
}


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_a_packages_docstring_is_its_map(package: Path) -> None:
    text = importlib.import_module(".".join(("server", *package.parts))).__doc__ or ""
    named = set(re.findall(r"``(\w+)``", text))
    modules = {path.stem for path in MODULES if path.parent == package and not path.name.startswith("__")}
    packages = {inner.name for inner in PACKAGES if inner.parent == package and inner != package}
    assert modules | packages <= named, "what a package holds stands in its docstring"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name != "__init__.py" or path.parent.name == "cli"], ids=str
)
def test_every_module_has_its_tests(path: Path) -> None:
    mirror = ROOT / "tests" / "unit" / path.parent / f"test_{path.stem}.py"
    elsewhere = TESTED_ELSEWHERE.get(str(path))
    assert mirror.is_file() or elsewhere is not None, f"write {mirror.relative_to(ROOT)}, or a line in the table above"
    assert elsewhere is None or (ROOT / elsewhere).is_file()


def test_the_table_names_only_modules_that_are_there() -> None:
    assert set(TESTED_ELSEWHERE) <= {str(path) for path in MODULES}


@pytest.mark.parametrize("name", generate.pages())
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == generate.pages()[name], "run: make docs"


@pytest.mark.parametrize(
    ("page", "union"),
    [
        ("events.md", events.Event),
        ("commands.md", commands.Command),
        ("lab_events.md", lab_events.LabEvent),
        ("lab_acts.md", lab_acts.Act),
    ],
)
def test_every_event_command_and_act_has_its_heading(page: str, union: object) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    assert headings == [kind.__struct_config__.tag for kind in typing.get_args(union)]


MEASURED = {
    "tests/browser/test_many.py": "how fluid the page is while nothing happens: the frames of three seconds",
}
"""Tests that let time pass because they measure what happens in it: ``wait_for_timeout`` is allowed there."""

_STEP = re.compile(r"`(server/[\w/]+\.py)`(?: `([\w.]+)`)?")


@pytest.mark.parametrize(("path", "name"), sorted(set(_STEP.findall((ROOT / "docs" / "architecture.md").read_text()))))
def test_the_way_of_one_connect_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    defined = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        if isinstance(node, ast.ClassDef):
            inside = (inner for inner in node.body if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef))
            defined |= {f"{node.name}.{inner.name}" for inner in inside}
    assert not name or name in defined


def test_the_files_that_contributing_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`((?:server|static|docs|tests|labs|bench|templates)/[\w/.-]*)`", text))
    named = {name for name in named if "MODULE" not in name}
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse((SERVER / path).read_text())
    text = ast.get_docstring(tree)
    assert text
    assert re.search(r"[.:]$", text.splitlines()[0]) or "\n" in text, "a full sentence"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_name_without_a_meaning(path: Path) -> None:
    tree = ast.parse((SERVER / path).read_text())
    names = [path.stem] + [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert not [name for name in names if re.search(r"(?i)util|manager|helper|misc$|common$", name)]


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: path.stem)
def test_no_test_waits_for_time_to_pass(path: Path) -> None:
    tree = ast.parse(path.read_text())
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "time.sleep" not in calls
    waits = [call for call in calls if call.endswith("wait_for_timeout")]
    assert bool(waits) == (str(path.relative_to(ROOT)) in MEASURED), (
        "wait for a fact, or say in the table what is measured"
    )


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_ignored_rule_has_its_reason(path: Path) -> None:
    for line in (SERVER / path).read_text().splitlines():
        assert not re.search(r"#\s*type:\s*ignore(?!\[)", line), line
        assert not re.search(r"#\s*noqa(?!:)", line), line
