"""The Collections that a search is limited to, by its parameter or by its filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from stac_bridge.catalog import Catalog
from stac_bridge.errors import BadRequest
from stac_bridge.search.params.search import Search

MAX_UNNAMED = 4
"""Maximum number of collections that a search may sort if it does not name them."""


def resolve_collections(search: Search, catalog: Catalog, max_collections: int) -> Search:
    """Return the search with the Collections that its filter is limited to, if it names no others.

    A search that names all Collections, as QGIS does in its first search, becomes one that names none. Aliases in the
    filter become the ids that Items have. Raises BadRequest for more than ``max_collections`` names.
    """
    if len(search.collections) > MAX_UNNAMED and _cover_all(search.collections, catalog):
        search = replace(search, collections=())
    if len(search.collections) > max_collections:
        raise BadRequest(
            f"collections has {len(search.collections)} entries; {max_collections} are the maximum. "
            "Search them in parts, or leave collections out to search all."
        )
    if search.filter is None:
        return search
    cql2 = _resolve_aliases(search.filter, catalog)
    limited_to = tuple(name for name in _collections_of(cql2) or () if catalog.find(name))
    return replace(search, filter=cql2, collections=search.collections or limited_to)


def _cover_all(names: Iterable[str], catalog: Catalog) -> bool:
    """Whether these Collections have the scenes of all datasets. False for an unknown name, which is refused later."""
    if None in [catalog.find(name) for name in names]:
        return False
    datasets = {entry.dataset.alias for name in names for entry in catalog.members(name)}
    return datasets.issuperset(catalog.entries)


def _resolve_aliases(expression: Any, catalog: Catalog) -> Any:
    """The filter with ids in place of aliases; the parser has turned ``in`` into equal comparisons."""
    match expression:
        case {"op": "=" | "<>" as op, "args": args} if {"property": "collection"} in args:
            return {"op": op, "args": [_resolve_alias(arg, catalog) for arg in args]}
        case {"op": op, "args": args}:
            return {"op": op, "args": [_resolve_aliases(arg, catalog) for arg in args]}
    return expression


def _resolve_alias(argument: Any, catalog: Catalog) -> Any:
    entry = catalog.find(argument) if isinstance(argument, str) else None
    return entry.id if entry else argument


def _collections_of(expression: Any) -> tuple[str, ...] | None:
    """The Collections of all Items that can match a filter; None if the filter does not limit them.

    >>> a, b = ({"op": "=", "args": [{"property": "collection"}, name]} for name in ("a", "b"))
    >>> _collections_of({"op": "and", "args": [a, True]}), _collections_of({"op": "or", "args": [a, b]})
    (('a',), ('a', 'b'))
    >>> _collections_of({"op": "and", "args": [a, b]}), _collections_of({"op": "or", "args": [a, True]})
    ((), None)
    """
    match expression:
        case {"op": "and", "args": args}:
            limits = [names for arg in args if (names := _collections_of(arg)) is not None]
            return tuple(name for name in limits[0] if all(name in names for names in limits)) if limits else None
        case {"op": "or", "args": args}:
            either = [_collections_of(arg) for arg in args]
            return None if None in either else tuple(dict.fromkeys(name for names in either for name in names or ()))
        case {"op": "=", "args": [{"property": "collection"}, str(name)] | [str(name), {"property": "collection"}]}:
            return (name,)
    return None
