"""What a program is called; the browser's function is held to the same by the stories (tests/js/test_stories.py)."""

from __future__ import annotations

import pytest

from server.story.names import program_name


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ("curl -s http://10.0.0.4/", "curl"),
        ("python3 echo_server.py 7", "echo_server.py"),
        ("/usr/bin/python3.11 -u /labs/01/echo_server.py 7", "echo_server.py"),
        ("python3 -m http.server 80", "http.server"),
        ("python3 -X dev -W error script.py", "script.py"),
        ("python3 -c pass", "python3"),
        ("sh -c ls", "sh"),
        ("python3", "python3"),
        ("python3 -m", "python3"),
    ],
)
def test_of_an_interpreter_the_script_is_named(argv: str, name: str) -> None:
    words = argv.split()
    assert program_name(words[0].rpartition("/")[2], words) == name
