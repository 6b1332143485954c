"""Programs run by themselves, as on anybody's machine: real processes in a network of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.folders import folder
from server.lessons.alone import complaint

WELL = {
    "a server goes on": "import socket\nsocket.create_server(('127.0.0.1', 7777)).accept()\n",
    "an end": "print('done')\n",
    "a sentence that says what it needs": "import sys\nsys.exit('nobody listens on 127.0.0.1 port 7777')\n",
    "its own neighbour": "import words\nprint(words.HELLO)\n",
    "a loopback that is up": "import socket\nsocket.create_server(('127.0.0.1', 0))\n",
    "nobody there": "import socket, sys\ntry:\n    socket.create_connection(('127.0.0.1', 9))\n"
    "except ConnectionRefusedError as error:\n    sys.exit(f'no connection: {error}')\nsys.exit(7)\n",
}
ILL = {
    "an argument without a default": ("import sys\nprint(sys.argv[1])\n", "IndexError: list index out of range"),
    "silence": ("import sys\nsys.exit(3)\n", "it says nothing"),
    "our packages": ("import server.events\n", "No module named 'server'"),
    "a privilege": ("import socket\nsocket.create_server(('', 80))\n", "Permission denied"),
    "no such syntax": ("print(\n", "SyntaxError"),
}


@pytest.mark.parametrize("name", WELL)
async def test_programs_that_are_well(name: str, tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("HELLO = 'hello'\n")
    (tmp_path / "it.py").write_text(WELL[name])
    assert await complaint(tmp_path, "it.py") is None


@pytest.mark.parametrize("name", ILL)
async def test_programs_that_are_not(name: str, tmp_path: Path) -> None:
    text, why = ILL[name]
    (tmp_path / "it.py").write_text(text)
    problem = await complaint(tmp_path, "it.py")
    assert problem is not None
    assert problem.file == f"{tmp_path.name}/it.py"
    assert why in problem.what


async def test_a_shell_script(tmp_path: Path) -> None:
    (tmp_path / "it.sh").write_text("exec sleep 9\n")
    assert await complaint(tmp_path, "it.sh") is None
    (tmp_path / "it.sh").write_text("no-such-command\n")
    assert await complaint(tmp_path, "it.sh") is not None


@pytest.mark.parametrize(
    "path", sorted(folder("labs").glob("*/*.py")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
async def test_ours(path: Path) -> None:
    assert await complaint(path.parent, path.name) is None
