"""Search × Catalog → which datasets are asked what, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stac_bridge.errors import BadRequest
from stac_bridge.search.compile import compile_filter, id_filter
from stac_bridge.search.query import with_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.filters import SceneFilter
    from stac_bridge.mapping import Queryable
    from stac_bridge.search.request import Search

__all__ = ["Plan", "Step", "known_of", "plan", "settled"]

OVERFETCH = 2
"""How many scenes are fetched for each Item wanted when some may not match: a call costs more than its bytes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One dataset to ask.

    ``exact`` tells whether M2M's hits are the Items asked for; ``ids`` are looked up one by one (or by a scene
    list) where the dataset has no filter for them.
    """

    entry: Entry
    filter: SceneFilter
    exact: bool
    ids: tuple[str, ...] = ()

    def fetch_size(self, wanted: int, most: int) -> int:
        """How many scenes to ask for when ``wanted`` Items are missing on a page of at most ``most``."""
        return wanted if self.exact else min(wanted * OVERFETCH, most)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a search, walked in order."""

    steps: tuple[Step, ...]


def known_of(entries: Sequence[Entry]) -> dict[str, Queryable]:
    """What a filter on several Collections may name: what any of them has."""
    return {name: one for entry in reversed(entries) for name, one in entry.queryables.items()}


def settled(search: Search, entries: Sequence[Entry]) -> Search:
    """The search with its query among its filter, typed by what these Collections have. Raises BadRequest."""
    return with_query(search, known_of(entries))


def plan(search: Search, entries: Sequence[Entry]) -> Plan:
    """The plan for a search over the entries of its named collections, in the order named."""
    if not entries:
        raise BadRequest("Name the collections to search (collections=landsat_ot_c2_l2); see /collections.")
    return Plan(tuple(step for entry in entries if not (step := _step(search, entry)).filter.is_empty))


def _step(search: Search, entry: Entry) -> Step:
    compiled = compile_filter(search.filter, entry)
    by_id = search.ids if search.ids and id_filter(entry) is None else ()
    return Step(entry, compiled.filter, compiled.exact, by_id)
