from __future__ import annotations

import os
from pathlib import Path

from server.lessons.loader import DEFAULT_HOSTS, load, load_lab, shelf_of, stamp
from server.lessons.model import Do, Expect, Note, Predict, Prose, Run, Table, Task
from tests.labs.sound import PROGRAM, SOUND, edited, write


def test_a_lab_as_values(tmp_path: Path) -> None:
    lab, problems = load_lab(write(tmp_path))
    assert problems == ()
    assert lab is not None
    assert (lab.name, lab.title, lab.question, lab.minutes) == ("01-sound", "A sound lab", "Does it play?", 5)
    assert (lab.hosts, lab.pace, lab.open_files, lab.misconceptions) == (DEFAULT_HOSTS, "live", None, (3,))
    assert (lab.remember, lab.files, lab.folder) == (("One.", "Two.", "Three."), ("hello.py",), "/labs/01-sound")
    assert [block.html for block in lab.intro if isinstance(block, Prose)] == ["<p>Read this first.</p>\n"]
    first, second, third = lab.steps
    assert [type(block) for block in first.blocks] == [Do, Expect]
    assert [type(block) for block in second.blocks] == [Predict, Do, Expect, Table]
    assert (first.number, first.anchor, len(first.actions), len(first.checks)) == (1, "step-1", 2, 1)
    assert (len(second.predictions), second.task, second.hints) == (1, None, ())
    assert isinstance(third.task, Task)
    assert third.actions == third.task.actions


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    lab, _ = load_lab(write(tmp_path))
    assert lab is not None
    lines = SOUND.splitlines()
    run = lab.steps[0].actions[0]
    assert isinstance(run, Run)
    assert lines[run.line - 1] == "- on: server"
    assert lines[lab.steps[0].checks[0].line - 1] == "- that: It listens"
    assert lines[lab.steps[2].line - 1] == "## Your turn"


def test_a_measure_may_use_names_that_its_own_step_gives(tmp_path: Path) -> None:
    text = edited(
        'count: {socket: {host: server, local: "*:7000"}}\nsettles', "call: {process: client, result: 0}\nsettles"
    )
    assert load_lab(write(tmp_path, text=text))[1] == ()


def test_hosts_of_its_own(tmp_path: Path) -> None:
    hosts = 'hosts: {server: [10.0.0.4/24, "fd00::4/64"], client-a: 10.0.0.5/24, client-b: 10.0.0.6/24}'
    lab, problems = load_lab(write(tmp_path, text=edited("hosts: default", hosts)))
    assert problems == ()
    assert lab is not None
    assert lab.hosts["server"] == ("10.0.0.4/24", "fd00::4/64")


def problem(tmp_path: Path, old: str, new: str) -> str:
    (found,) = load_lab(write(tmp_path, text=edited(old, new)))[1]
    return found.what


def test_hosts_that_cannot_be(tmp_path: Path) -> None:
    for number, (hosts, what) in enumerate({
        "here": "`hosts` is neither `default` nor a mapping.",
        "{Server: 10.0.0.4/24}": "'Server' is no name for a host.",
        "{server: 10.0.0.4/24, client: 10.0.0.4/8}": "server has the address 10.0.0.4 already.",
        "{server: 10.0.0.400/24}": "'10.0.0.400/24' is no address.",
        '{server: "fd00::4"}': "The address fd00::4 has no prefix length.",
        "{" + ", ".join(f"h{n}: 10.0.0.{n}/24" for n in range(1, 10)) + "}": "There are 9 hosts.",
    }.items()):  # fmt: skip
        place = write(tmp_path, f"{number}-hosts", edited("hosts: default", f"hosts: {hosts}"))
        assert what in [found.what for found in load_lab(place)[1]]


def test_order_within_a_step(tmp_path: Path) -> None:
    predict = SOUND[SOUND.index("```predict") : SOUND.index("settles: 3\n```\n") + len("settles: 3\n```\n")]
    text = edited(predict, "").replace("```table", f"{predict}\n```table")
    (found,) = load_lab(write(tmp_path, text=text))[1]
    assert found.what == "The prediction stands below the run."


def test_a_block_before_the_first_step(tmp_path: Path) -> None:
    what = problem(tmp_path, "Read this first.", "```hints\n- Look.\n```")
    assert what == "A block stands before the first step."


def test_no_step(tmp_path: Path) -> None:
    head = SOUND[: SOUND.index("Read this first.")].replace("misconceptions: [3]\n", "")
    (found,) = load_lab(write(tmp_path, text=f"{head}Only text.\n", program=""))[1]
    assert found.what == "The lab has no step."


def test_two_of_what_there_may_be_one(tmp_path: Path) -> None:
    do = "```do\n- on: client-a\n  run: sleep 1\n```\n\n"
    text = edited("```table", f"{do}```hints\n- a\n```\n\n```hints\n- b\n```\n\n```table")
    found = [one.what for one in load_lab(write(tmp_path, text=text))[1]]
    assert found == ["This step has two blocks do, modify or make."]


def test_what_a_question_settles_must_be_announced(tmp_path: Path) -> None:
    what = problem(tmp_path, "misconceptions: [3]\n", "")
    assert what == "The front matter does not list misconception 3."


def test_notes_are_apart(tmp_path: Path) -> None:
    lab, _ = load_lab(write(tmp_path, text=edited("Read this first.", "> note: Ask first.")))
    assert lab is not None
    assert [type(block) for block in lab.intro] == [Note]


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path)
    for name in (".git", "__pycache__", "notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").write_text("Labs.")
    library = load(tmp_path)
    assert list(library.labs) == ["01-sound"]
    assert library.problems == ()


def test_a_folder_that_a_sandbox_could_not_name(tmp_path: Path) -> None:
    (found,) = load_lab(write(tmp_path, "01 sound"))[1]
    assert found.what == "The folder's name has a sign that it cannot have."


def test_a_stamp_changes_with_every_edit(tmp_path: Path) -> None:
    place = write(tmp_path)
    before = stamp(place)
    assert stamp(place) == before
    os.utime(place / "hello.py", ns=(1, 1))
    edited_once = stamp(place)
    (place / "lab.de.md").write_text("")
    assert len({before, edited_once, stamp(place)}) == 3


def test_the_shelf_is_the_folder_s_own_or_ours(tmp_path: Path) -> None:
    assert (shelf_of(tmp_path) / "echo_server.py").is_file()
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "hello.py").write_text(PROGRAM)
    assert shelf_of(tmp_path) == tmp_path / "programs"
    lab, problems = load_lab(write(tmp_path, program=""))
    assert lab is None
    assert [found.what for found in problems][-1].startswith("There is no file echo_client.py")
