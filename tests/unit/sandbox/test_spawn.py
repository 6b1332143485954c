"""Finding programs, and saying why one did not start. (What the started program may do: tests/cage.)"""

from __future__ import annotations

import errno

import pytest

from server.errors import BadRequestError, LimitError
from server.sandbox.spawn import ENVIRONMENT, failure, find_program


def test_finds_as_a_shell_would() -> None:
    assert find_program("python3", "/") == f"{ENVIRONMENT['PATH'].split(':')[0]}/python3"
    assert find_program("/usr/bin/env", "/") == "/usr/bin/env"
    assert find_program("./env", "/usr/bin") == "/usr/bin/./env"


@pytest.mark.parametrize("name", ["nosuchprogram", "/nonexistent", "", "..", "/usr/bin"])
def test_no_program(name: str) -> None:
    with pytest.raises(BadRequestError, match="There is no program named") as caught:
        find_program(name, "/")
    assert repr(name) in caught.value.detail


def test_no_executable() -> None:
    with pytest.raises(BadRequestError, match="is no executable program"):
        find_program("/etc/passwd", "/")


@pytest.mark.parametrize(
    ("told", "kind", "says"),
    [
        (f"execve {errno.ENOEXEC}", BadRequestError, "neither a program nor a script"),
        (f"execve {errno.EACCES}", BadRequestError, "execve failed with EACCES"),
        (f"execve {errno.ENOMEM}", LimitError, "execve failed with ENOMEM"),
        (f"setns {errno.EPERM}", BadRequestError, "setns failed with EPERM"),
        (f"prctl PR_SET_NO_NEW_PRIVS {errno.EINVAL}", BadRequestError, "prctl PR_SET_NO_NEW_PRIVS failed with EINVAL"),
        (f"fcntl {errno.EMFILE}", LimitError, "fcntl failed with EMFILE"),
        ("", BadRequestError, "could not start: its process ended before it could run the program"),
        ("\xff garbage", BadRequestError, "could not start: its process ended before it could run the program"),
    ],
)
def test_failures(told: str, kind: type[Exception], says: str) -> None:
    error = failure(told.encode("latin-1"), ["./tool"])
    assert isinstance(error, kind)
    assert says in str(error)


def test_environment_tells_nothing_of_the_server() -> None:
    names = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TERM", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert set(ENVIRONMENT) <= names
