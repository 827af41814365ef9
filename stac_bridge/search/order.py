"""``sortby`` → what to sort by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stac_bridge.errors import BadRequest

__all__ = ["SortKey", "read_sortby"]

_HINT = 'sortby is properties with + or - before them (sortby=-datetime), or a list of {"field", "direction"}'


@dataclass(frozen=True, slots=True)
class SortKey:
    """A property to sort by."""

    name: str
    descending: bool = False


def read_sortby(said: Any) -> tuple[SortKey, ...]:
    """A ``sortby`` parameter, as text of a GET. Raises BadRequest."""
    if said is None:
        return ()
    if not isinstance(said, str):
        raise BadRequest(f"{_HINT}, not {said!r}.")
    words = [word.strip() for word in said.split(",") if word.strip()]
    return tuple(SortKey(word.lstrip("+-").removeprefix("properties."), word.startswith("-")) for word in words)
