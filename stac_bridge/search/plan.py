"""Search × Catalog → which datasets are asked what, in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any

from stac_bridge.catalog.refresh import Pruning
from stac_bridge.mapping import Queryables
from stac_bridge.mapping.converters import day_start
from stac_bridge.mapping.queryables import CORE_QUERYABLES
from stac_bridge.search.cql2.literals import typed
from stac_bridge.search.cql2.parser import all_of, properties_of
from stac_bridge.search.params.ids import ids_clause, whole_id
from stac_bridge.search.params.query import with_query
from stac_bridge.search.pushdown.compiler import compile_filter, id_filter
from stac_bridge.search.pushdown.conditions import NOTHING, Compiled, fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.m2m.filters import SceneFilter
    from stac_bridge.search.params.search import Search

__all__ = ["Step", "known_of", "preference", "pruning", "settled", "step_of"]


_NAMES = frozenset({"collection", "m2m:dataset"})


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


def known_of(entries: Sequence[Entry]) -> Queryables:
    """What a filter on several Collections may name: what any of them has."""
    found = Queryables()
    for entry in reversed(entries):
        found.update(entry.queryables)
        found.is_open = found.is_open or entry.queryables.is_open
    return found


def settled(search: Search, entries: Sequence[Entry]) -> Search:
    """The search with its filter typed by what these Collections have. Raises BadRequest."""
    known = known_of(entries)
    asked = with_query(_with_ids(search, entries), known)
    return replace(asked, filter=asked.filter and typed(asked.filter, known))


def _with_ids(search: Search, entries: Sequence[Entry]) -> Search:
    """The search with its ids as part of its filter, before all else."""
    if not search.ids:
        return search
    clause = ids_clause(search.ids, entries)
    return replace(search, filter=all_of([clause, search.filter]) if search.filter else clause)


def step_of(search: Search, entry: Entry) -> Step:
    """What one dataset is asked for a settled search."""
    compiled = compile_filter(search.filter, entry)
    by_id: tuple[str, ...] = ()
    if search.ids and id_filter(entry) is None:
        by_id = tuple(dict.fromkeys(whole_id(one, entry) for one in search.ids if fits(one, entry)))
    return Step(entry, compiled.filter, compiled.exact, by_id)


def preference(search: Search, entry: Entry) -> tuple[Any, ...]:
    """A key that sorts datasets into the order in which a settled search without collections looks through them.

    First those with a mapping, of these the ones whose rows can push the filter down and whose ids tell where they
    belong, then the newest missions. It depends on the search, the list of datasets and the mappings alone: what has
    been learnt of a dataset's filters differs from worker to worker, and page 1 of a search learns what page 2 knows.
    """
    mapping = entry.mapping
    named = properties_of(search.filter) - CORE_QUERYABLES.keys() if search.filter else frozenset()
    can_push = all((row := mapping.properties.get(name)) and (row.filter or row.is_constant) for name in named)
    start = day_start(entry.dataset.acquisition_start)
    age = -date.fromisoformat(start[:10]).toordinal() if start else 0
    return mapping.is_generic, not can_push, not mapping.item.patterns, age, entry.dataset.alias


def pruning(search: Search, entries: Sequence[Entry]) -> list[Pruning]:
    """The dataset-searches that tell which Collections may have what a settled search asks for.

    A dataset that cannot be filtered by days must not be ruled out by them either, nor must it take the days away
    from the others; so datasets are grouped by what they can be filtered by.
    """
    groups: dict[tuple[bool, bool], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.can_filter_by("time"), entry.can_filter_by("place")), []).append(entry)
    return [_pruning(search, group) for group in groups.values()]


def _pruning(search: Search, entries: Sequence[Entry]) -> Pruning:
    """Entries of one mapping compile alike, unless the filter tells them apart by name.

    They are compiled as if nothing had been learnt of their filters, so that each worker prunes alike.
    """
    by_name = search.filter is not None and not _NAMES.isdisjoint(properties_of(search.filter))
    different = {entry.dataset.alias if by_name else id(entry.mapping): entry for entry in entries}
    compiled = (compile_filter(search.filter, replace(entry, learnt=None)) for entry in different.values())
    hull = reduce(Compiled.__or__, compiled, NOTHING)
    asked = hull.filter.model_copy(update={"metadata": None, "cloud": None, "months": None})
    return Pruning(asked, frozenset(entry.dataset.alias for entry in entries))
