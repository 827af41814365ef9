"""``sortby`` → an order of Items: what is not known last in either direction, ties by id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.suggest import unknown
from stac_bridge.search.params.times import instant_text, read_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stac_bridge.mapping import Queryable

__all__ = ["Order", "SortKey", "read_sortby"]

_SCALARS = ("string", "number", "integer", "boolean", "datetime")
_HINT = 'sortby is properties with + or - before them (sortby=-datetime), or a list of {"field", "direction"}'

_ELSE = "/sortables lists those there are."

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """A property to sort by."""

    name: str
    descending: bool = False


def read_sortby(said: Any) -> tuple[SortKey, ...]:
    """A ``sortby`` parameter, as text of a GET or as JSON. Raises BadRequest."""
    if said is None:
        return ()
    found = said.split(",") if isinstance(said, str) else said
    if not isinstance(found, list):
        raise BadRequest(f"{_HINT}, not {said!r}.")
    keys = [_read_key(one) for one in found if one not in ("", None)]
    if len({key.name for key in keys}) < len(keys):
        raise BadRequest("sortby names a property twice; name it once.")
    return tuple(keys)


def _read_key(said: Any) -> SortKey:
    if isinstance(said, str):
        bare = said.strip()  # a plus sign in an address arrives as a blank
        return SortKey(bare.lstrip("+-").removeprefix("properties."), descending=bare.startswith("-"))
    if isinstance(said, dict) and isinstance(said.get("field"), str):
        direction = said.get("direction", "asc")
        if direction in ("asc", "desc"):
            return SortKey(said["field"].removeprefix("properties."), descending=direction == "desc")
        raise BadRequest(f"A direction of sortby is asc or desc, not {direction!r}.")
    raise BadRequest(f"{_HINT}, not {said!r}.")


class Order:
    """The order of a ``sortby``. Raises BadRequest for a property that is none of ``known`` or has no order."""

    def __init__(self, keys: tuple[SortKey, ...], known: Mapping[str, Queryable]) -> None:
        for key in keys:
            _check(key.name, known)
        self._keys = keys
        self._times = {name for name, one in known.items() if one.kind == "datetime"}
        self._directions = (*(key.descending for key in keys), False, False)
        self.sorting: Callable[[Key], Any] = cmp_to_key(self.compare)

    @property
    def names(self) -> frozenset[str]:
        """The properties that are sorted by."""
        return frozenset(key.name for key in self._keys)

    @property
    def first(self) -> SortKey:
        """What is sorted by before all else."""
        return self._keys[0]

    def key(self, core: dict[str, Any]) -> Key:
        """An Item's place in the order: the values sorted by, then its id and its collection."""
        return (*(self._value(core, key.name) for key in self._keys), core["id"], core["collection"])

    def _value(self, core: dict[str, Any], name: str) -> Any:
        """An Item without datetime stands where its span starts."""
        if name in ("id", "collection"):
            return core[name]
        properties = core["properties"]
        value = properties.get(name)
        if value is None and name == "datetime":
            value = properties.get("start_datetime")
        return instant_text(read_instant(value)) if value is not None and name in self._times else value

    def compare(self, one: Key, other: Key) -> int:
        """Negative where ``one`` comes first. Keys of equal length, as ``key`` makes them."""
        for mine, theirs, descending in zip(one, other, self._directions, strict=True):
            if mine == theirs:
                continue
            if mine is None or theirs is None:
                return 1 if mine is None else -1
            return 1 if (mine > theirs) is not descending else -1
        return 0


def _check(name: str, known: Mapping[str, Queryable]) -> None:
    found = known.get(name)
    if found is None:
        raise unknown("sortby names what the searched collections do not have:", name, known, _ELSE)
    if found.kind not in _SCALARS:
        raise BadRequest(f"sortby names {name!r}, which is of kind {found.kind} and has no order.")
