"""``sortby`` → an order of Items: unknown values come last in either direction, ties are sorted by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from stac_bridge.errors import BadRequest
from stac_bridge.mapping import Queryable
from stac_bridge.search.params.suggest import unknown_name
from stac_bridge.search.params.times import instant_text, read_instant

_SORTABLE_KINDS = ("string", "number", "integer", "boolean", "datetime")
_HINT = 'sortby is properties with + or - before them (sortby=-datetime), or a list of {"field", "direction"}'

Key = tuple[Any, ...]
"""An Item's position in an order: the values that it is sorted by, then its id and its collection."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A property to sort by."""

    name: str
    descending: bool = False


def read_sortby(value: Any) -> tuple[SortKey, ...]:
    """Parse a ``sortby`` parameter, as text of a GET or as JSON. Raises BadRequest."""
    if value is None:
        return ()
    elements = value.split(",") if isinstance(value, str) else value
    if not isinstance(elements, list):
        raise BadRequest(f"{_HINT}, not {value!r}.")
    keys = [_read_key(element) for element in elements if element not in ("", None)]
    if len({key.name for key in keys}) < len(keys):
        raise BadRequest("sortby names a property twice; name it once.")
    return tuple(keys)


def _read_key(element: Any) -> SortKey:
    if isinstance(element, str):
        text = element.strip()  # a plus sign in a URL arrives as a space
        return SortKey(text.lstrip("+-").removeprefix("properties."), descending=text.startswith("-"))
    if isinstance(element, dict) and isinstance(element.get("field"), str):
        direction = element.get("direction", "asc")
        if direction in ("asc", "desc"):
            return SortKey(element["field"].removeprefix("properties."), descending=direction == "desc")
        raise BadRequest(f"A direction of sortby is asc or desc, not {direction!r}.")
    raise BadRequest(f"{_HINT}, not {element!r}.")


class Order:
    """The order of a ``sortby``. Raises BadRequest for a property that is not queryable or not sortable."""

    def __init__(self, keys: tuple[SortKey, ...], queryables: Mapping[str, Queryable]) -> None:
        for key in keys:
            _check(key.name, queryables)
        self._keys = keys
        self._times = {name for name, queryable in queryables.items() if queryable.kind == "datetime"}
        self._directions = (*(key.descending for key in keys), False, False)
        self.sort_key: Callable[[Key], Any] = cmp_to_key(self.compare)

    @property
    def names(self) -> frozenset[str]:
        """The properties that are sorted by."""
        return frozenset(key.name for key in self._keys)

    @property
    def first(self) -> SortKey:
        """The key that is sorted by before all others."""
        return self._keys[0]

    def key(self, item: dict[str, Any]) -> Key:
        """Return an Item's position in the order; ``item`` needs only the properties of ``names``."""
        return (*(self._value(item, key.name) for key in self._keys), item["id"], item["collection"])

    def _value(self, item: dict[str, Any], name: str) -> Any:
        """An Item without a datetime is sorted by the start of its span."""
        if name in ("id", "collection"):
            return item[name]
        properties = item["properties"]
        value = properties.get(name)
        if value is None and name == "datetime":
            value = properties.get("start_datetime")
        return instant_text(read_instant(value)) if value is not None and name in self._times else value

    def compare(self, left: Key, right: Key) -> int:
        """Return a negative number if ``left`` comes first, 0 if both are equal."""
        for a, b, descending in zip(left, right, self._directions, strict=True):
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            return 1 if (a > b) is not descending else -1
        return 0


def _check(name: str, queryables: Mapping[str, Queryable]) -> None:
    queryable = queryables.get(name)
    if queryable is None:
        raise unknown_name(
            "sortby names what the searched collections do not have:",
            name,
            queryables,
            "/sortables lists those there are.",
        )
    if queryable.kind not in _SORTABLE_KINDS:
        raise BadRequest(f"sortby names {name!r}, which is of kind {queryable.kind} and has no order.")
