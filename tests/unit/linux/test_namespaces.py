"""Into namespaces and back."""

from __future__ import annotations

import os

import pytest

from server.linux.namespaces import CLONE_NEWNET, CLONE_NEWUTS, inside, open_namespace, setns, unshare
from tests.unit.linux.apart import apart


def here() -> str:
    return os.readlink("/proc/thread-self/ns/net")


def test_unshare_and_setns() -> None:
    def go() -> list[str]:
        home, seen = open_namespace("net"), [here()]
        unshare(CLONE_NEWNET)
        seen.append(here())
        setns(home, CLONE_NEWNET)
        return [*seen, here()]

    first, second, third = apart(go, CLONE_NEWUTS | CLONE_NEWNET)
    assert first == third != second


def test_inside_comes_back_even_from_an_error() -> None:
    def go() -> tuple[bool, bool, int]:
        home = here()
        other = open_namespace("net")
        unshare(CLONE_NEWNET)
        away, before = here(), len(os.listdir("/proc/self/fd"))
        was = []
        try:
            with inside(other):
                was.append(here())
                raise ZeroDivisionError
        except ZeroDivisionError:
            return was == [home], here() == away, len(os.listdir("/proc/self/fd")) - before

    assert apart(go, CLONE_NEWNET) == (True, True, 0)


def test_setns_says_what_failed() -> None:
    with open("/dev/null") as file, pytest.raises(OSError, match="setns: EINVAL"):
        setns(file.fileno(), CLONE_NEWNET)
