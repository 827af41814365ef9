"""The whole filter, tested on an Item: M2M's filters are coarser than CQL2, so its hits are checked here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import cql2
import orjson
from shapely.geometry import shape

from stac_bridge.search.cql2.bulk_tests import Test, in_bulk
from stac_bridge.search.cql2.parser import COMPARISONS, TEMPORAL, count_terms, properties_of
from stac_bridge.search.params.times import instant_text, read_instant

_FIRST, _LAST = "first", "last"
"""Names, without a colon or underscore and so of no property, for the instants between which an Item was acquired."""

_ITEM_SECONDS, _TERM_SECONDS = 50e-6, 8e-6
"""Seconds that testing an Item takes, and that each term of the filter adds (measured)."""

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Residual:
    """A typed CQL2 filter, parsed once; ``times`` are the properties that hold times.

    ``others`` are other names under which an Item may have a property. Comparisons of ``datetime`` use the Item's span
    if its datetime is null. Residuals with the same text, times and other names are equal, so that verdicts can be
    cached by them.
    """

    def __init__(
        self,
        cql2_json: dict[str, Any],
        times: Collection[str] = (),
        others: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        spanning = _with_spans(cql2_json)
        self._text = orjson.dumps(spanning).decode()
        self._expression = _parsed(self._text)
        self.cost = self._expression.cost
        """Seconds that one test takes, roughly."""
        self._has_spans = spanning != cql2_json
        used = properties_of(cql2_json)
        self._others = tuple(sorted((name, names) for name, names in (others or {}).items() if name in used))
        spans = {"datetime", "start_datetime", "end_datetime"} if self._has_spans else set()
        self.names = frozenset(used.union(spans, *(names for _name, names in self._others)))
        """The properties that the filter uses: an Item needs no others."""
        self._times = self.names & {*times, *spans}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Residual) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._text)

    @property
    def _key(self) -> tuple[Any, ...]:
        return self._text, self._times, self._others

    def matches(self, item: dict[str, Any]) -> bool:
        """Return whether the Item matches. An unknown result (a missing property, no geometry) is no match."""
        try:
            return bool(self._expression.cql2.matches(self._comparable(item)))
        except Exception:  # noqa: BLE001 -- cql2 raises bare Exception for a missing value, which is CQL2's null
            return False

    def _comparable(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item with only the properties that the filter uses, because the library converts all of them.

        It compares two time properties as text, which sorts in order of time only if both have six decimals.
        """
        properties = {name: value for name, value in item["properties"].items() if name in self.names}
        properties |= {name: _padded(properties[name]) for name in self._times if properties.get(name)}
        for name, others in self._others:
            if properties.get(name) is None:
                properties[name] = next((properties[other] for other in others if other in properties), None)
        if self._has_spans:
            instant = properties.get("datetime")
            properties[_FIRST] = instant or properties.get("start_datetime")
            properties[_LAST] = instant or properties.get("end_datetime")
        comparable = {**item, "properties": properties}
        geometry = item.get("geometry") if self._expression.uses_place else None
        place = shape(geometry) if geometry else None
        for name, test in self._expression.tests.items():
            if (result := test(comparable, place)) is not None:
                properties[name] = result
        if not self._expression.uses_geometry:
            comparable["geometry"] = None
        return comparable


class _Expression(NamedTuple):
    """A filter as the library tests it, beside the results of ``tests``, which it reads as properties."""

    cql2: cql2.Expr
    tests: Mapping[str, Test]
    uses_place: bool
    """Whether one of the tests needs the geometry."""
    uses_geometry: bool
    """Whether the library needs it."""
    cost: float


@lru_cache(maxsize=64)
def _parsed(text: str) -> _Expression:
    """Cached, because each dataset of a search has a residual of its own, and most of them are equal."""
    rest, tests = in_bulk(orjson.loads(text))
    cost = _ITEM_SECONDS + _TERM_SECONDS * count_terms(rest) + sum(test.seconds for test in tests.values())
    expression = cql2.parse_json(orjson.dumps(rest).decode())
    uses_place = any(test.uses_place for test in tests.values())
    return _Expression(expression, tests, uses_place, "geometry" in properties_of(rest), cost)


@lru_cache(maxsize=4096)
def _padded(instant: str) -> str:
    return instant if len(instant) == 27 else instant_text(read_instant(instant))


# -- datetime as a span --------------------------------------------------------------------------------------


def _with_spans(expression: Any) -> Any:
    """Return a filter in which each comparison of ``datetime`` compares the span of an Item.

    The span of an Item with a datetime is that instant. A comparison holds if it holds for any instant of the span, so
    that ``>=`` and ``<=`` together are an intersection, as the ``datetime`` parameter is.
    """
    if not isinstance(expression, dict) or "op" not in expression:
        return expression
    op, args = str(expression["op"]), expression["args"]
    if op in ("and", "or", "not"):
        return {"op": op, "args": [_with_spans(part) for part in args]}
    if op in TEMPORAL:
        return {"op": op, "args": [_as_span(argument) for argument in args]}
    if op in COMPARISONS and _DATETIME in args:
        left, right = args
        return _compared(op, right) if left == _DATETIME else _compared(_FLIPPED.get(op, op), left)
    return expression


_DATETIME = {"property": "datetime"}


def _as_span(argument: Any) -> Any:
    """A temporal argument in which datetime is a span, and as an end of an interval the end of that span."""
    if argument == _DATETIME:
        return {"interval": [{"property": _FIRST}, {"property": _LAST}]}
    if isinstance(argument, dict) and "interval" in argument:
        ends = zip(argument["interval"], (_FIRST, _LAST), strict=True)
        return {"interval": [{"property": edge} if end == _DATETIME else end for end, edge in ends]}
    return argument


def _compared(op: str, other: Any) -> dict[str, Any]:
    """A span compared with an instant; ``<>`` holds if no instant of the span is equal."""
    first, last = {"property": _FIRST}, {"property": _LAST}
    match op:
        case "=":
            return {"op": "and", "args": [{"op": "<=", "args": [first, other]}, {"op": ">=", "args": [last, other]}]}
        case "<>":
            return {"op": "or", "args": [{"op": ">", "args": [first, other]}, {"op": "<", "args": [last, other]}]}
        case "<" | "<=":
            return {"op": op, "args": [first, other]}
        case _:
            return {"op": op, "args": [last, other]}
