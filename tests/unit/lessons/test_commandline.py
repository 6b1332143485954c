from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from server.errors import BadRequestError
from server.lessons.commandline import addresses_in, files_in, typed, understand, unreachable
from server.lessons.loader import load_lab
from server.lessons.model import Run
from tests.labs.sound import write

SHELF = ("echo_server.py", "echo_client.py")
HOSTS = {"server": ["10.0.0.4/24", "10.1.0.4/24", "fd00::4/64"], "client": ["10.0.0.5/24"]}


def test_a_file_of_the_lab_runs_in_its_folder() -> None:
    line = understand("python3 hello.py 7 'two words'", "/labs/01-x", ["hello.py"], SHELF)
    assert (line.argv, line.folder) == (("python3", "hello.py", "7", "two words"), "/labs/01-x")
    assert (line.program, line.credentials, line.files, line.missing) == ("", "user", ("hello.py",), ())


def test_a_file_of_the_shelf_runs_there_with_the_rights_of_the_catalogue() -> None:
    line = understand("python3 echo_server.py 7", "/labs/01-x", [], SHELF)
    assert (line.folder, line.credentials, line.files) == ("/labs/programs", "admin", ("echo_server.py",))
    assert understand("python3 echo_client.py", "/labs/01-x", [], SHELF).credentials == "user"


def test_the_lab_s_own_file_wins() -> None:
    line = understand("python3 echo_server.py 7", "/labs/01-x", ["echo_server.py"], SHELF)
    assert (line.folder, line.credentials) == ("/labs/01-x", "user")


def test_a_name_of_the_catalogue() -> None:
    line = understand("echo_server 7", "/labs/01-x", [], SHELF)
    assert (line.program, line.argv, line.credentials) == ("echo_server", ("7",), "admin")


def test_files_are_found_inside_a_shell_command_and_not_in_urls() -> None:
    assert files_in(["sh", "-c", "ulimit -n 8; exec python3 greedy.py"]) == ["greedy.py"]
    assert files_in(["nginx", "-c", "conf/nginx.conf", "./run.sh"]) == ["conf/nginx.conf", "run.sh"]
    assert files_in(["curl", "http://10.0.0.4/index.html", "10.0.0.4/a.txt", "-o", "/tmp/page.html"]) == []
    assert files_in(["python3", "-m", "http.server", "--config=a.cfg"]) == ["a.cfg"]


def test_what_is_nowhere_is_missing() -> None:
    assert understand("python3 helo.py", "/labs/01-x", ["hello.py"], SHELF).missing == ("helo.py",)


@pytest.mark.parametrize("text", ["python3 'hello.py", "", "sh -c 'python3 hello.py; python3 echo_client.py'"])
def test_what_cannot_be_understood(text: str) -> None:
    with pytest.raises(BadRequestError):
        understand(text, "/labs/01-x", ["hello.py"], SHELF)


def test_addresses_of_both_families() -> None:
    words = ["curl", "http://[fd00::4]:80/", "10.0.0.4", "tcp:10.0.0.5:7", "1.2.3", "999.1.1.1", "12:30", "::"]
    assert [str(address) for address in addresses_in(words)] == ["fd00::4", "10.0.0.4", "10.0.0.5", "::"]


@pytest.mark.parametrize(
    ("address", "host", "why"),
    [
        ("10.0.0.4", "client", ""),
        ("10.0.0.5", "server", ""),
        ("127.0.0.1", "client", ""),
        ("0.0.0.0", "client", ""),
        ("10.0.0.255", "client", ""),
        ("::ffff:10.0.0.4", "client", ""),
        ("fd00::4", "server", ""),
        ("10.0.0.6", "client", "No host has the address 10.0.0.6."),
        ("10.1.0.4", "client", "client (10.0.0.5/24) has no way to 10.1.0.4."),
        ("fd00::4", "client", "client (10.0.0.5/24) has no way to fd00::4."),
    ],
)
def test_who_can_be_reached(address: str, host: str, why: str) -> None:
    assert unreachable(ip_address(address), host, HOSTS) == why


def test_what_a_learner_types_keeps_the_name_and_the_rights_of_what_it_replaces(tmp_path: Path) -> None:
    lab, _ = load_lab(write(tmp_path))
    assert lab is not None
    instead_of = lab.steps[0].actions[0]
    assert isinstance(instead_of, Run)
    run = typed(lab, "server", " python3 hello.py 8000 ", instead_of)
    assert (run.command, run.name, run.folder, run.credentials) == (
        "python3 hello.py 8000",
        "server",
        "/labs/01-sound",
        "user",
    )
    free = typed(lab, "server", "python3 echo_server.py 7")
    assert (free.name, free.folder, free.credentials) == ("", "/labs/programs", "admin")
    with pytest.raises(BadRequestError, match=r"no file hallo\.py"):
        typed(lab, "server", "python3 hallo.py")
