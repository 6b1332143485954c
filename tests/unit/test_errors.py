"""An error that went as a document is the same one where it arrives, whatever else is imported there."""

from __future__ import annotations

import pytest

from server.errors import BadRequestError, ConflictError, KernelRefusedError, NotFoundError, SocketlabError, error_from
from server.lessons.play import WaitedInVainError
from server.lessons.source import LabError
from server.progress.store import StoreError

OTHERS = (LabError, WaitedInVainError, StoreError)
"""Kinds of other files that have a status which a kind of ``server/errors.py`` has too."""


@pytest.mark.parametrize("kind", [BadRequestError, NotFoundError, ConflictError, KernelRefusedError])
def test_it_comes_back_as_it_went(kind: type[SocketlabError]) -> None:
    assert kind not in OTHERS
    error = error_from(kind("It is so.", "Do this.").problem())
    assert type(error) is kind
    assert error.problem() == kind("It is so.", "Do this.").problem()


def test_a_status_that_no_kind_has() -> None:
    error = error_from({"title": "T", "status": 599, "detail": "It is so."})
    assert type(error) is SocketlabError
    assert (error.detail, error.hint) == ("It is so.", "")
