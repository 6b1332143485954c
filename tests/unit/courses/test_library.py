"""The labs of a folder as they are now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.courses import library
from server.courses.library import LabLibrary
from server.errors import NotFoundError
from server.folders import folder

OURS = folder("labs")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(library, "LOOK_SECONDS", 0.0)
    for name in ("01-port-or-socket", "03-one-port-many-sockets", "programs"):
        shutil.copytree(OURS / name, tmp_path / name)
    return tmp_path


async def test_it_reads_all_labs(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    assert list(library.labs) == ["01-port-or-socket", "03-one-port-many-sockets"]
    assert library.problems == {}


async def test_an_edit_is_seen_and_the_others_are_not_read_again(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    other, edition = library.labs["01-port-or-socket"], library.edition("03-one-port-many-sockets")
    path = root / "03-one-port-many-sockets" / "lab.md"
    path.write_text(path.read_text().replace("title: One port, many sockets", "title: Edited"))
    await library.refresh()
    assert library.labs["03-one-port-many-sockets"].title == "Edited"
    assert library.edition("03-one-port-many-sockets") != edition
    assert library.labs["01-port-or-socket"] is other


async def test_a_broken_lab_has_its_problems_and_comes_back(root: Path) -> None:
    library = LabLibrary(root)
    path = root / "03-one-port-many-sockets" / "lab.md"
    good = path.read_text()
    path.write_text(good.replace("minutes: 9", "minutes: soon"))
    await library.refresh()
    assert list(library.labs) == ["01-port-or-socket"]
    (problem,) = library.problems["03-one-port-many-sockets"]
    assert (problem.file, problem.line) == ("03-one-port-many-sockets/lab.md", 5)
    path.write_text(good)
    await library.refresh()
    assert "03-one-port-many-sockets" in library.labs
    assert library.problems == {}


async def test_folders_come_and_go(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    shutil.rmtree(root / "01-port-or-socket")
    (root / "09-empty").mkdir()
    await library.refresh()
    assert list(library.labs) == ["03-one-port-many-sockets"]
    assert "no lab.md" in library.problems["09-empty"][0].what


async def test_a_number_is_enough(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    assert library.find("03").name == "03-one-port-many-sockets"
    with pytest.raises(NotFoundError):
        library.find("04")


async def test_one_follows_the_other(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    first, second = library.labs.values()
    assert library.after(first) is second
    assert library.after(second) is None


async def test_misconceptions_lead_to_the_step_that_asks(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    lab, step = library.settling()[7]
    assert lab.name == "03-one-port-many-sockets"
    assert any(7 in predict.settles for predict in lab.steps[step - 1].predictions)


async def test_every_misconception_is_settled_by_our_own_labs() -> None:
    library = LabLibrary(OURS)
    await library.refresh()
    for number, (lab, step) in library.settling().items():
        assert number in lab.misconceptions
        assert 1 <= step <= len(lab.steps)


async def test_an_edit_beside_the_labs_is_seen(root: Path) -> None:
    library = LabLibrary(root)
    await library.refresh()
    assert len(library.reference.misconceptions) == 18
    lab, edition = library.labs["03-one-port-many-sockets"], library.edition("03-one-port-many-sockets")
    (root / "glossary.md").write_text("## port\n\nA number.\n\n## socket\n")
    await library.refresh()
    assert [term.word for term in library.reference.glossary.terms] == ["port"]
    assert [(problem.file, problem.line) for problem in library.reference_problems] == [("glossary.md", 5)]
    assert library.edition("03-one-port-many-sockets") != edition, "an open page of a lab is loaded again"
    assert library.labs["03-one-port-many-sockets"] is not lab


async def test_a_lab_cannot_settle_a_misconception_that_is_not_in_its_folder(root: Path) -> None:
    (root / "misconceptions.md").write_text("## 1. A port is a socket.\n\nIt is a number.\n")
    library = LabLibrary(root)
    await library.refresh()
    assert library.problems["03-one-port-many-sockets"][0].what == "`misconceptions` is '3'."
    (root / "misconceptions.md").unlink()
    await library.refresh()
    assert library.problems == {}
