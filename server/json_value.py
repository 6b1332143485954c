"""The type of what can be written as JSON and whose shape nobody fixes: arguments of a call, the value of an option.

Where a shape is known, it has a type of its own; this one is for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Json = bool | int | float | str | None | Sequence["Json"] | Mapping[str, "Json"]
    """Any JSON value. Read-only types, because ``list[str]`` is no ``list[Json]``; bytes are not meant."""
else:
    Json = Any  # msgspec and the generators of docs/ read annotations, and msgspec knows no recursive alias

JsonObject = Mapping[str, Json]
"""A JSON object with whatever members."""
