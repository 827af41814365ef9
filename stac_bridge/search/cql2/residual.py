"""The whole filter, tried again on an Item: what M2M could only say coarsely is made exact here."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cql2
import orjson

from stac_bridge.search.cql2.parser import properties_of
from stac_bridge.search.params.times import instant_text, read_instant

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Residual"]


class Residual:
    """A typed CQL2 filter, parsed once; ``times`` are those of its ``names`` that hold times. Equal ones keep alike."""

    def __init__(self, said: dict[str, Any], times: Collection[str] = ()) -> None:
        self._text = orjson.dumps(said).decode()
        self._expression = cql2.parse_json(self._text)
        self.names = frozenset(properties_of(said))
        self._times = self.names & set(times)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Residual) and (self._text, self._times) == (other._text, other._times)

    def __hash__(self) -> int:
        return hash(self._text)

    def keeps(self, item: dict[str, Any]) -> bool:
        """Whether the Item matches. What is unknown (a missing property, no geometry) does not match."""
        try:
            return bool(self._expression.matches(self._comparable(item)))
        except Exception:  # noqa: BLE001 -- cql2 raises bare Exception where a value is missing: CQL2's null
            return False

    def _comparable(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item with the properties that the filter names: the library reads all that it is given.

        Two properties that hold times are compared as text, which sorts as time does in one form only.
        """
        properties = {name: value for name, value in item["properties"].items() if name in self.names}
        properties |= {name: _padded(properties[name]) for name in self._times if properties.get(name)}
        return {**item, "properties": properties}


@lru_cache(maxsize=4096)
def _padded(instant: str) -> str:
    return instant if len(instant) == 27 else instant_text(read_instant(instant))
