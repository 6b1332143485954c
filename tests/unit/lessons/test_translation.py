from __future__ import annotations

from pathlib import Path

import pytest

from server.lessons.loader import load_lab
from tests.labs.sound import SOUND, edited, write

GERMAN = (
    edited("title: A sound lab", "title: Ein gutes Labor")
    .replace("How many sockets?", "Wie viele Sockets?")
    .replace("One is missing.", "Einer fehlt.")
    .replace("- that: It listens", "- that: Es horcht")
    .replace("say: Nobody is there yet.", "say: Noch ist niemand da.")
    .replace("task: Let another client call.", "task: Lass noch einen Client anrufen.")
    .replace("## Your turn\n", "Text, den es sonst nicht gibt.\n\n> note: Und eine Notiz.\n\n## Du bist dran\n")
)


def problems(tmp_path: Path, german: str) -> list[str]:
    place = write(tmp_path)
    (place / "lab.de.md").write_text(german)
    return [str(problem) for problem in load_lab(place)[1]]


def test_words_and_text_may_differ(tmp_path: Path) -> None:
    assert problems(tmp_path, GERMAN) == []
    lab, _ = load_lab(tmp_path / "01-sound")
    assert lab is not None
    german = lab.translations["de"]
    assert (german.language, german.steps[2].title) == ("de", "Du bist dran")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes: 5", "minutes: 6", "`minutes` is not as in lab.md."),
        ("7000\n  as: server", "7001\n  as: server", "This block of step 1 does something else than in lab.md."),
        ("  - 1: Einer fehlt.\n  - 2: right", "  - 2: right\n  - 1: Einer fehlt.", "This block of step 2 does"),
        ("  - 2: right", "  - zwei: right", "This block of step 2 does something else"),
        ("count: {at_least: 2}", "count: {at_least: 3}", "This block of step 3 does something else"),
        ("linux: ss -ltn\n", "linux: ss -lt\n", "This block of step 2 does something else"),
    ],
)
def test_deeds_may_not(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GERMAN.count(old) == 1
    (found,) = problems(tmp_path, GERMAN.replace(old, new))
    assert found.startswith("01-sound/lab.de.md")
    assert said in found


def test_every_step_and_every_block_is_there(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, GERMAN[: GERMAN.index("## Du bist dran")])
    assert "It has 2 steps, lab.md has 3." in found
    table = SOUND[SOUND.index("```table") : SOUND.index("## Your turn")]
    (tmp_path / "2").mkdir()
    (found,) = problems(tmp_path / "2", GERMAN.replace(table.strip(), ""))
    assert "Step 2 does not have the blocks that it has in lab.md." in found
