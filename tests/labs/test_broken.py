"""Broken lab files: each gives one clear message with file, line and what to write; the others still load."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.lessons.loader import load
from tests.labs.sound import SOUND, edited, write
from tests.ours import library

BROKEN: dict[str, tuple[str, str, str, str, str]] = {
    # name: (what stands there, what is written for it, a piece of the line that is meant, what is wrong, the cure)
    "star without quotes": (
        'LISTEN, local: "*:7000"}',
        "LISTEN, local: *:7000}",
        "local: *:7000}",
        "*:7000 is YAML for an alias.",
        'Write "*:7000" in quotes.',
    ),
    "colon too many": (
        "task: Let another client call.",
        "task: Do this: call.",
        "task: Do this: call.",
        "There is one ': ' too many in this line.",
        "Put the text into double quotes.",
    ),
    "tab": (
        "  run: python3 hello.py 7000\n",
        "\trun: python3 hello.py 7000\n",
        "\trun: python3",
        "A tab stands where YAML wants spaces.",
        "Indent with spaces.",
    ),
    "bracket not closed": (
        "rows: {socket: {host: server, state: LISTEN}}\n",
        "rows: {socket: {host: server, state: LISTEN}\n",
        "rows: {socket",
        "A bracket or a comma is missing.",
        "Close each { with } and each [ with ].",
    ),
    "quotation mark not closed": (
        "- that: It listens",
        '- that: "It listens',
        'local: "*:7000"}',
        "A quotation mark is not closed, here or above.",
        "Close it where the text ends.",
    ),
    "indentation": (
        "  count: 1\n```\n\n## Call",
        "   count: 1\n```\n\n## Call",
        "   count: 1",
        "This line is indented otherwise than its neighbours.",
        "Align it with them.",
    ),
    "duplicate key": (
        "  as: server\n",
        "  as: server\n  as: server\n",
        "  as: server",
        "`as` stands twice here, first in line 21.",
        "Keep one of the two.",
    ),
    "empty block": (
        "question: How many sockets?\noptions:\n  - 1: One is missing.\n  - 2: right\nmeasure:\n"
        '  count: {socket: {host: server, local: "*:7000"}}\nsettles: 3\n',
        "",
        "```",
        "This block is empty.",
        "Write something into it, or take it out.",
    ),
    "no front matter": (
        "---\nformat: 1\n",
        "format: 1\n",
        "format: 1",
        "The file does not begin with a front matter.",
        "Begin it with --- , the keys of docs/labs.md, and --- again.",
    ),
    "format of the future": (
        "format: 1",
        "format: 2",
        "format: 2",
        "`format` is '2'.",
        "Write a whole number from 1 to 1.",
    ),
    "key missing": (
        "question: Does it play?\n",
        "",
        "format: 1",
        "`the front matter` lacks the key `question`.",
        "Add `question:`, the question that the lab answers, as a person would ask it.",
    ),
    "unknown key": (
        "minutes: 5",
        "minuts: 5",
        "minuts: 5",
        "`the front matter` has no key `minuts`.",
        "Did you mean `minutes`?",
    ),
    "two things to remember": ("  - Three.\n", "", "  - One.", "`remember` has 2 sentences.", "Write 3."),
    "no such misconception": (
        "misconceptions: [3]",
        "misconceptions: [3, 99]",
        "[3, 99]",
        "`misconceptions` is '99'.",
        f"Write a whole number from 1 to {len(library().reference.misconceptions)}.",
    ),
    "misconception not settled": (
        "misconceptions: [3]",
        "misconceptions: [3, 5]",
        "[3, 5]",
        "No question settles misconception 5.",
        "Add `settles: 5` to one.",
    ),
    "unknown track": (
        "hosts: default",
        "hosts: default\ntrack: Ports and adresses",
        "Ports and adresses",
        "`track` is 'Ports and adresses'.",
        "Did you mean `Ports and addresses`?",
    ),
    "address without prefix": (
        "hosts: default",
        "hosts: {server: 10.0.0.4, client-a: 10.0.0.5/24, client-b: 10.0.0.6/24}",
        "server: 10.0.0.4,",
        "The address 10.0.0.4 has no prefix length.",
        "Write 10.0.0.4/24.",
    ),
    "unknown block": (
        "```expect\n- that",
        "```expct\n- that",
        "```expct",
        "There is no block `expct`.",
        "Did you mean `expect`?",
    ),
    "block in a list": (
        "```table\non: server\nrows: {socket: {host: server, state: LISTEN}}\nlinux: ss -ltn\n```",
        "- See:\n\n  ```table\n  on: server\n  ```",
        "  ```table",
        "This block `table` is indented.",
        "Move it to the margin.",
    ),
    "unknown verb": (
        "  run: python3 hello.py 7000",
        "  runs: python3 hello.py 7000",
        "runs:",
        "`an action` has no key `runs`.",
        "Did you mean `run`?",
    ),
    "two verbs": (
        "  as: client\n",
        "  type: hello\n",
        "- on: client-a",
        "This action has both `run` and `type`.",
        "Give it one of: run, type, end_input, signal, pace, hold, lose, deliver, drop, duplicate, release, wire, "
        "sysctl, wait.",
    ),
    "unknown host": (
        "- on: client-a",
        "- on: clint-a",
        "- on: clint-a",
        "There is no host 'clint-a' in this lab.",
        "Did you mean `client-a`?",
    ),
    "missing program": (
        "python3 hello.py 7000",
        "python3 helo.py 7000",
        "helo.py",
        "There is no file helo.py in the lab's folder or in labs/programs.",
        "Did you mean `hello.py`?",
    ),
    "unreachable host": (
        "run: python3 echo_client.py 10.0.0.4 7000\n  as: client",
        "run: python3 echo_client.py 10.0.0.44 7000",
        "10.0.0.44",
        "No host has the address 10.0.0.44.",
        "Correct the address or `hosts`; if it is meant, list it under `elsewhere`.",
    ),
    "name of nobody": (
        "{process: server, name: accept4",
        "{process: serve, name: accept4",
        "process: serve,",
        "No program is called 'serve' up to here.",
        "Did you mean `server`?",
    ),
    "unknown subject": (
        "- socket: {host: server, state: ESTABLISHED, owners: 1}\n  count: 1",
        "- sockets: {host: server, state: ESTABLISHED, owners: 1}\n  count: 1",
        "- sockets:",
        "`a check` has no key `sockets`.",
        "Did you mean `socket`?",
    ),
    "unknown field": (
        "{host: server, state: ESTABLISHED, owners: 1}\n  count: 1",
        "{host: server, stat: ESTABLISHED}\n  count: 1",
        "stat: ",
        "`socket` has no field `stat`.",
        "Did you mean `state`?",
    ),
    "unknown state": (
        "state: ESTABLISHED, owners: 1}\n  count: 1",
        "state: ESTABLISHD, owners: 1}\n  count: 1",
        "ESTABLISHD",
        "`state` is never 'ESTABLISHD'.",
        "Did you mean `ESTABLISHED`?",
    ),
    "unknown call": (
        "name: accept4, status",
        "name: acept4, status",
        "acept4",
        "`name` is never 'acept4'.",
        "Did you mean `accept4`?",
    ),
    "text for a number": (
        "owners: 1}\n  count: 1",
        "owners: one}\n  count: 1",
        "owners: one",
        "`owners` is 'one'.",
        f"Write a whole number from -1000000 to {2**62}.",
    ),
    "count of nothing": (
        "  count: {at_least: 2}",
        "  count: {at_least: 0}",
        "at_least: 0",
        "`count` of 0 or more says nothing.",
        "Write a number from 1 on.",
    ),
    "two right options": (
        "  - 1: One is missing.",
        "  - 1: right",
        "- 1: right",
        "2 options are marked right.",
        "Mark exactly one: - ANSWER: right",
    ),
    "empty hint": (
        "say: Nobody is there yet.}",
        'say: ""}',
        'say: ""',
        "`say` is empty.",
        "Write a text, or take the key out.",
    ),
    "check of the author's own name": (
        "- socket: {host: server, state: ESTABLISHED, owners: 1}\n  count: {at_least: 2}",
        "- process: {process: other}",
        "process: other}",
        "'other' is only the author's name for what the learner starts here.",
        "Say which program is meant by its host, or by the fields of its socket.",
    ),
    "actions without a check": (
        "```expect\n- socket: {host: server, state: ESTABLISHED, owners: 1}\n  count: {at_least: 2}\n```\n",
        "",
        "task: Let",
        "Nothing checks what this step does.",
        "Add an `expect` block below.",
    ),
    "check without actions": (
        "```do\n- on: client-a\n  run: python3 echo_client.py 10.0.0.4 7000\n  as: client\n```\n\n",
        "",
        "- socket: {host: server, state: ESTABLISHED",
        "Nothing in this step makes its checks pass.",
        "Add a `do` block above.",
    ),
    "since beside what is now": (
        "owners: 1}\n  count: 1",
        "owners: 1}\n  since: step\n  count: 1",
        "since: step",
        "`since` does not go with `socket`: it asks for what is there now.",
        "Put it beside `ever`.",
    ),
    "key of another verb": (
        "- wait: {call: {process: server, name: accept4, status: entered}}",
        "- wait: {call: {process: server, name: accept4, status: entered}}\n  times: 2",
        "times: 2",
        "`times` does not go with `wait`.",
        "Nothing may stand beside it.",
    ),
}

ALSO = {"check without actions": 1}
"""Breaking this one breaks something else too: its prediction has nothing to measure any more."""


def test_thirty_and_more() -> None:
    assert len(BROKEN) >= 30


@pytest.mark.parametrize("name", BROKEN)
def test_each_gives_one_clear_message(name: str, tmp_path: Path) -> None:
    old, new, where, what, instead = BROKEN[name]
    text = edited(old, new)
    write(tmp_path, "02-broken", text)
    library = load(tmp_path)
    found = {(problem.file, problem.what, problem.instead): problem.line for problem in library.problems}
    assert ("02-broken/lab.md", what, instead) in found
    assert where in text.splitlines()[found["02-broken/lab.md", what, instead] - 1]
    assert len(library.problems) == 1 + ALSO.get(name, 0)
    assert library.labs == {}


def test_the_others_still_load(tmp_path: Path) -> None:
    write(tmp_path)
    for number, (old, new, *_) in enumerate(BROKEN.values(), 10):
        write(tmp_path, f"{number}-broken", edited(old, new))
    write(tmp_path, "99-sound")
    library = load(tmp_path)
    assert list(library.labs) == ["01-sound", "99-sound"]
    assert len({problem.file for problem in library.problems}) == len(BROKEN)


def test_the_sound_lab_is_sound(tmp_path: Path) -> None:
    write(tmp_path)
    library = load(tmp_path)
    assert library.problems == ()
    lab = library.labs["01-sound"]
    assert [step.title for step in lab.steps] == ["Start", "Call", "Your turn"]


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = edited("state: LISTEN, local", "state: LISTENING, local").replace("ESTABLISHED", "ESTAB")
    write(tmp_path, text=text)
    whats = [problem.what for problem in load(tmp_path).problems]
    assert whats == ["`state` is never 'LISTENING'.", *["`state` is never 'ESTAB'."] * 2]


def test_a_file_that_nobody_uses(tmp_path: Path) -> None:
    place = write(tmp_path)
    (place / "old.py").write_text("print('left over')")
    (problem,) = load(tmp_path).problems
    assert str(problem) == "01-sound/old.py: No command of lab.md uses this file. Use it, or delete it."


def test_a_file_that_a_used_one_imports_is_used(tmp_path: Path) -> None:
    place = write(tmp_path, program="import words\n\nprint(words.HELLO)\n")
    (place / "words.py").write_text("HELLO = 'hello'\n")
    assert load(tmp_path).problems == ()


def test_a_numbered_folder_without_a_lab(tmp_path: Path) -> None:
    (tmp_path / "04-empty").mkdir()
    (problem,) = load(tmp_path).problems
    assert str(problem) == "04-empty: This folder has no lab.md. Write one, or rename the folder."


def test_a_file_that_is_no_utf8(tmp_path: Path) -> None:
    place = write(tmp_path)
    (place / "lab.md").write_bytes(SOUND.replace("Read this first.", "Grüße").encode("latin-1"))
    (problem,) = load(tmp_path).problems
    assert (problem.line, problem.what) == (14, "This line is no UTF-8 text.")


def test_a_translation_may_differ_in_words_only(tmp_path: Path) -> None:
    place = write(tmp_path)
    german = edited("title: A sound lab", "title: Ein gutes Labor").replace("How many sockets?", "Wie viele Sockets?")
    (place / "lab.de.md").write_text(german)
    library = load(tmp_path)
    assert library.problems == ()
    assert library.labs["01-sound"].translations["de"].title == "Ein gutes Labor"
    (place / "lab.de.md").write_text(german.replace("count: {at_least: 2}", "count: {at_least: 3}"))
    (problem,) = load(tmp_path).problems
    assert (problem.file, problem.what) == (
        "01-sound/lab.de.md",
        "This block of step 3 does something else than in lab.md.",
    )
