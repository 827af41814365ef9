"""The Collections that a search names, by its parameter or by its filter, as the ids that Items have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stac_bridge.catalog.catalog import Catalog
    from stac_bridge.search.params.search import Search

__all__ = ["MAX_UNNAMED", "naming"]


MAX_UNNAMED = 4
"""Collections that are sorted side by side without having been named."""


def naming(search: Search, catalog: Catalog, max_collections: int) -> Search:
    """The same search, limited to the Collections that its filter is confined to if it names no others.

    Naming all Collections, as QGIS does in its first search, means naming none. Aliases in the filter become the ids
    that Items have. Raises BadRequest for more than ``max_collections`` names.
    """
    if len(search.collections) > MAX_UNNAMED and _are_all(search.collections, catalog):
        search = replace(search, collections=())
    if len(search.collections) > max_collections:
        raise BadRequest(
            f"collections has {len(search.collections)} entries; {max_collections} are the most. "
            "Search them in parts, or leave collections out to search all."
        )
    if search.filter is None:
        return search
    said = _by_id(search.filter, catalog)
    found = tuple(one for one in _confined(said) or () if catalog.find(one))
    return replace(search, filter=said, collections=search.collections or found)


def _are_all(names: Iterable[str], catalog: Catalog) -> bool:
    """Whether these Collections have the scenes of all datasets. With an unknown name, which is refused later, no."""
    found = [catalog.find(name) for name in names]
    if None in found:
        return False
    members = {entry.dataset.alias for name in names for entry in catalog.members(name)}
    return members.issuperset(catalog.entries)


def _by_id(said: Any, catalog: Catalog) -> Any:
    """A filter with ids in place of aliases; ``in`` stands in it as a chain of equals."""
    match said:
        case {"op": "=" | "<>" as op, "args": args} if {"property": "collection"} in args:
            return {"op": op, "args": [_id(one, catalog) for one in args]}
        case {"op": op, "args": args}:
            return {"op": op, "args": [_by_id(one, catalog) for one in args]}
    return said


def _id(said: Any, catalog: Catalog) -> Any:
    found = catalog.find(said) if isinstance(said, str) else None
    return found.id if found else said


def _confined(said: Any) -> tuple[str, ...] | None:
    """The Collections of all Items for which a filter holds; None where it says nothing of that.

    >>> one, other = ({"op": "=", "args": [{"property": "collection"}, name]} for name in ("one", "other"))
    >>> _confined({"op": "and", "args": [one, True]}), _confined({"op": "or", "args": [one, other]})
    (('one',), ('one', 'other'))
    >>> _confined({"op": "and", "args": [one, other]}), _confined({"op": "or", "args": [one, True]})
    ((), None)
    """
    match said:
        case {"op": "and", "args": args}:
            known = [names for one in args if (names := _confined(one)) is not None]
            return tuple(one for one in known[0] if all(one in names for names in known)) if known else None
        case {"op": "or", "args": args}:
            either = [_confined(one) for one in args]
            return None if None in either else tuple(dict.fromkeys(one for names in either for one in names or ()))
        case {"op": "=", "args": [{"property": "collection"}, str(name)] | [str(name), {"property": "collection"}]}:
            return (name,)
    return None
