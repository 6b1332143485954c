"""What a program is called: of an interpreter, the script that it runs. As in static/js/words/programs.js."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_INTERPRETER: Final = re.compile(r"(python[\d.]*|sh|bash|dash|perl|node|ruby)\Z")
_WITH_VALUE: Final = frozenset({"-W", "-X", "-o", "-I"})
"""Options of interpreters that have a value of their own."""
_CODE: Final = frozenset({"-c", "-e"})
"""Options behind which the program itself stands."""


def program_name(program: str, argv: Sequence[str]) -> str:
    """The name of a process for a person.

    Args:
        program: The last part of the path that was executed, or its name in the catalogue.
        argv: Its command line.
    """
    if not _INTERPRETER.match(program):
        return program
    words = iter(argv[1:])
    for word in words:
        if word == "-m":
            return next(words, program)
        if word in _CODE:
            return program
        if word in _WITH_VALUE:
            next(words, "")
        elif not word.startswith("-"):
            return word.rpartition("/")[2]
    return program
