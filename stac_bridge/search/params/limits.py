"""The limits of a search: anything larger is refused before it is read any further."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stac_bridge.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum of each: Items on a page; ids, collections and vertices of a search; bytes and levels of a filter.

    ``terms`` is the maximum number of terms in ``q`` of a collection search; ``conditions`` that of a filter's
    operators and list elements, each of which is tested on each Item.

    A filter as text may have ``text`` characters, because parsing text is a hundred times slower than parsing JSON.
    """

    items: int = 1000
    ids: int = 1000
    collections: int = 100
    terms: int = 20
    conditions: int = 1000
    vertices: int = 10_000
    filter: int = 262_144
    text: int = 8192
    depth: int = 64

    def check(self, value: Any, name: str) -> None:
        """Check the nesting and the number of vertices of a parameter's value. Raises BadRequest."""
        # an operator is two levels of JSON: its own object and the list of its arguments
        if depth_of(value) > 2 * self.depth:
            raise BadRequest(self.too_deep(name))
        self.check_vertices(value, name)

    def check_vertices(self, value: Any, name: str) -> None:
        """Check the number of vertices in all geometries inside a value. Raises BadRequest."""
        if (count := count_vertices(value)) > self.vertices:
            raise BadRequest(f"{name} has {count} vertices; {self.vertices} are the maximum. Simplify its geometry.")

    def too_deep(self, name: str) -> str:
        """Return the error text for a parameter that is nested too deeply."""
        return f"{name} is nested deeper than {self.depth} levels; rewrite it with fewer parentheses, not and or."


DEFAULT_LIMITS = Limits()
"""The limits unless the settings change them."""


def depth_of(value: Any) -> int:
    """Return the number of levels of JSON, counted level by level because recursion could exhaust the stack.

    >>> depth_of({"op": "not", "args": [{"op": "not", "args": [True]}]})
    4
    """
    level, depth = [value], 0
    while level:
        depth += 1
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
    return depth


def count_vertices(value: Any) -> int:
    """Return the number of positions in all geometries inside a JSON value.

    >>> count_vertices({"args": [[1, 2], {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}]})
    4
    """
    return sum(_is_position(part) for coordinates in _coordinates(value) for part in _lists(coordinates))


def _coordinates(value: Any) -> Iterator[Any]:
    queue = [value]
    while queue:
        part = queue.pop()
        if isinstance(part, dict) and "coordinates" in part:
            yield part["coordinates"]
        else:
            queue += _children(part)


def _lists(coordinates: Any) -> Iterator[list[Any]]:
    queue = [coordinates]
    while queue:
        part = queue.pop()
        if isinstance(part, list):
            yield part
            queue += [child for child in part if isinstance(child, list)]


def _is_position(part: list[Any]) -> bool:
    return bool(part) and not isinstance(part[0], list)


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
