"""How much one search may bring: what is larger is refused before any of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["USUAL", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Most Items on a page; most ids, collections and vertices of a search; bytes and levels of its filter.

    ``terms`` is the maximum number of terms in ``q`` of a collection search.

    A filter as text may have ``text`` characters, because it is read a hundred times more slowly than JSON.
    """

    items: int = 1000
    ids: int = 1000
    collections: int = 100
    terms: int = 20
    vertices: int = 10_000
    filter: int = 262_144
    text: int = 8192
    depth: int = 64

    def check(self, said: Any, name: str) -> None:
        """A parameter's nesting and its vertices. Raises BadRequest."""
        # an operator takes two levels: its own and that of its arguments
        if depth_of(said) > 2 * self.depth:
            raise BadRequest(self.too_deep(name))
        if (found := vertices_of(said)) > self.vertices:
            raise BadRequest(f"{name} has {found} vertices; {self.vertices} are the most. Simplify its geometry.")

    def too_deep(self, name: str) -> str:
        """The sentence that refuses what is nested too deeply."""
        return f"{name} is nested deeper than {self.depth} levels; say the same with fewer parentheses, not and or."


USUAL = Limits()
"""What holds unless the settings say otherwise."""


def depth_of(said: Any) -> int:
    """Level by level, so that depth itself does no harm.

    >>> depth_of({"op": "not", "args": [{"op": "not", "args": [True]}]})
    4
    """
    level, depth = [said], 0
    while level:
        depth += 1
        level = [inner for one in level for inner in _inside(one) if isinstance(inner, dict | list)]
    return depth


def vertices_of(said: Any) -> int:
    """The positions of all geometries inside.

    >>> vertices_of({"args": [[1, 2], {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}]})
    4
    """
    return sum(_is_position(one) for coordinates in _coordinates(said) for one in _lists(coordinates))


def _coordinates(said: Any) -> Iterator[Any]:
    waiting = [said]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and "coordinates" in one:
            yield one["coordinates"]
        else:
            waiting += _inside(one)


def _lists(coordinates: Any) -> Iterator[list[Any]]:
    waiting = [coordinates]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            yield one
            waiting += [inner for inner in one if isinstance(inner, list)]


def _is_position(one: list[Any]) -> bool:
    return bool(one) and not isinstance(one[0], list)


def _inside(one: Any) -> list[Any]:
    return list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
