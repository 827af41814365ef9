"""The whole filter, tested on an Item: M2M's filters are coarser than CQL2, so its hits are checked here."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cql2
import orjson

from stac_bridge.search.cql2.parser import properties_of
from stac_bridge.search.params.times import instant_text, read_instant

if TYPE_CHECKING:
    from collections.abc import Collection


class Residual:
    """A typed CQL2 filter, parsed once; ``times`` are the properties that hold times.

    Residuals with the same text and times are equal, so that verdicts can be cached by them.
    """

    def __init__(self, cql2_json: dict[str, Any], times: Collection[str] = ()) -> None:
        self._text = orjson.dumps(cql2_json).decode()
        self._expression = cql2.parse_json(self._text)
        self.names = frozenset(properties_of(cql2_json))
        """The properties that the filter uses: an Item needs no others."""
        self._times = self.names & set(times)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Residual) and (self._text, self._times) == (other._text, other._times)

    def __hash__(self) -> int:
        return hash(self._text)

    def matches(self, item: dict[str, Any]) -> bool:
        """Return whether the Item matches. An unknown result (a missing property, no geometry) is no match."""
        try:
            return bool(self._expression.matches(self._comparable(item)))
        except Exception:  # noqa: BLE001 -- cql2 raises bare Exception for a missing value, which is CQL2's null
            return False

    def _comparable(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item with only the properties that the filter uses, because the library converts all of them.

        It compares two time properties as text, which sorts in order of time only if both have six decimals.
        """
        properties = {name: value for name, value in item["properties"].items() if name in self.names}
        properties |= {name: _padded(properties[name]) for name in self._times if properties.get(name)}
        return {**item, "properties": properties}


@lru_cache(maxsize=4096)
def _padded(instant: str) -> str:
    return instant if len(instant) == 27 else instant_text(read_instant(instant))
