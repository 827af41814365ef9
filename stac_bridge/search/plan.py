"""Search × Catalog → Plan: which datasets are searched, in which order, and with which filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from stac_bridge.catalog import Catalog
from stac_bridge.catalog.entry import Entry
from stac_bridge.catalog.live import Pruning
from stac_bridge.errors import BadRequest
from stac_bridge.m2m.filters import SceneFilter
from stac_bridge.mapping import Queryables
from stac_bridge.mapping.converters import day_start
from stac_bridge.mapping.queryables import CORE_QUERYABLES
from stac_bridge.search.cql2.literals import type_literals
from stac_bridge.search.cql2.parser import all_of, properties_of, subexpressions
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.params.ids import EntityId, ItemId, PartialId, ResolvedId, ids_filter, is_recognized, resolve_id
from stac_bridge.search.params.query import query_filter
from stac_bridge.search.params.search import Search
from stac_bridge.search.params.sortby import Order
from stac_bridge.search.pushdown.compiler import compile_filter, unanswered
from stac_bridge.search.pushdown.conditions import NOTHING, UNKNOWN, any_of
from stac_bridge.search.pushdown.spellings import spelled

MAX_IDS = 200
"""Ids that one request to M2M names. More are searched in parts, so that other callers get turns in between."""

MAX_COMPILED = 50_000
"""Conditions of a filter times datasets for which it is compiled: a second or two."""

_COLLECTION_PROPERTIES = frozenset({"collection", "m2m:dataset"})


@dataclass(frozen=True, slots=True)
class Step:
    """What one dataset is searched for."""

    entry: Entry
    filter: SceneFilter
    exact: bool
    """Whether M2M's hits are exactly the Items of the search, so that they need not be checked."""
    residual: Residual | None = None
    """The test of the filter on an Item, without what M2M alone can compare; None if every Item matches."""
    ids: tuple[str, ...] = ()
    """Display ids to look up one by one (or by a scene list), if the dataset has no filter for them."""
    entity_ids: tuple[str, ...] = ()
    """Entity ids to look up together with ``ids``."""
    earlier: Residual | None = None
    """The test whether an Item belongs to an earlier part of the search, whose ids are of another form."""

    @property
    def is_lookup(self) -> bool:
        """Whether scenes are looked up by their ids instead of by the filter."""
        return bool(self.ids or self.entity_ids)


@dataclass(frozen=True, slots=True)
class Part:
    """What one step of a plan searches: a dataset for the whole search, or for some of its ids."""

    entry: Entry
    search: Search
    """The search, resolved, with the ids of this part."""
    name: str
    """The name of the step in a token. One dataset may be searched under two Collection ids."""
    earlier: tuple[str, ...] = ()
    """The ids of the parts before."""

    @property
    def is_excluded(self) -> bool:
        """Whether no Item of the dataset can match, which shows before its filters are known."""
        ids = self.search.ids
        if ids and not any(resolve_id(identifier, self.entry) for identifier in ids):
            return True
        return matches_nothing(self.search, self.entry)

    @property
    def needs_details(self) -> bool:
        """Whether the dataset's details, not known yet, may change what M2M is sent."""
        names = properties_of(self.search.filter) if self.search.filter else ()
        return self.entry.needs_details(names) and not self.is_excluded

    def step(self) -> Step:
        """Return the step, as far as the dataset's filters are known."""
        step = make_step(self.search, self.entry)
        if not self.earlier or step.filter.is_empty or _are_item_ids((*self.earlier, *self.search.ids), self.entry):
            return step
        earlier = resolve_filter(Search((), None, ids=self.earlier), [self.entry])
        return replace(step, exact=False, earlier=_residual(earlier, self.entry))


def _are_item_ids(ids: Iterable[str], entry: Entry) -> bool:
    """Whether each id is the id of an Item as it is, so that no two of them find the same Item."""
    return all(resolve_id(identifier, entry) in (None, ItemId(identifier)) for identifier in ids)


@dataclass(frozen=True)
class Plan:
    """What a search will request; made once by ``make_plan``, used by search and explain."""

    search: Search
    """The search with its collections resolved, and its ids and query as part of its typed filter."""
    entries: tuple[Entry, ...]
    """The datasets to search, in this order."""
    queryables: Queryables
    """The properties that the search may name: those of ``entries``, or of all datasets if it did not name any."""
    digest: bytes
    """The digest of the original search, which its tokens are bound to."""

    searches: tuple[Search, ...]
    """The search in parts of at most ``MAX_IDS`` ids each; one part if it has no more."""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What the steps search, in this order."""
        count, ids = len(self.searches), self.search.ids
        return tuple(
            Part(
                entry,
                search,
                f"{entry.id}/{entry.dataset.alias}{f' {number + 1}/{count}' if count > 1 else ''}",
                ids[: number * MAX_IDS],
            )
            for entry in self.entries
            for number, search in enumerate(self.searches)
        )

    @property
    def step_names(self) -> tuple[str, ...]:
        """The names of the steps in a token."""
        return tuple(part.name for part in self.parts)

    @property
    def is_limited(self) -> bool:
        """Whether the search itself, by its collections or ids, says which datasets to search."""
        return _is_limited(self.search)

    @cached_property
    def order(self) -> Order | None:
        """The order of ``sortby``; None without one. Raises BadRequest if a property cannot be sorted by."""
        return Order(self.search.sortby, self.queryables) if self.search.sortby else None


def make_plan(search: Search, catalog: Catalog, likely: Sequence[Entry], digest: bytes) -> Plan:
    """Return the plan of a search whose collections are resolved. Raises BadRequest, NotFound.

    ``likely`` are the datasets that may have matches, by ``prunings``; they are searched if the search names neither
    collections nor ids.
    """
    entries = _searched_entries(search, catalog, likely)
    scope = entries if _is_limited(search) else tuple(catalog.entries.values())
    queryables = merge_queryables(scope)
    resolved = _resolve(search, scope, queryables)
    if _is_limited(search):
        _check_cost(resolved, len(entries))
    else:
        entries = tuple(sorted(entries, key=lambda entry: preference(resolved, entry)))
    ids = [search.ids[start : start + MAX_IDS] for start in range(0, len(search.ids), MAX_IDS)]
    searches = [_resolve(replace(search, ids=part), scope, queryables) for part in ids] if len(ids) > 1 else [resolved]
    return Plan(resolved, entries, queryables, digest, tuple(searches))


def _is_limited(search: Search) -> bool:
    """Whether the search itself, by its collections or ids, says which datasets to search."""
    return bool(search.collections or search.ids)


def _searched_entries(search: Search, catalog: Catalog, likely: Sequence[Entry]) -> tuple[Entry, ...]:
    if search.collections:
        # two names may be aliases of one union
        collections = dict.fromkeys(catalog.collection(name).id for name in search.collections)
        return tuple(entry for collection in collections for entry in catalog.members(collection))
    if not search.ids:
        return tuple(likely)
    # Most of the 1,300 datasets describe no form, and there can be a thousand ids.
    described = [entry for entry in catalog.entries.values() if entry.mapping.item.describes_ids]
    fitting = tuple(entry for entry in described if any(is_recognized(identifier, entry) for identifier in search.ids))
    if not fitting:
        raise BadRequest("No collection is known by the form of these ids; name collections, too.")
    return fitting


def merge_queryables(entries: Sequence[Entry]) -> Queryables:
    """Return the properties that a filter on several Collections may name: those that any of them has."""
    queryables = Queryables()
    for entry in reversed(entries):  # of two definitions, the one of the first entry remains
        queryables.update(entry.queryables)
        queryables.is_open = queryables.is_open or entry.queryables.is_open
    return queryables


def resolve_filter(search: Search, entries: Sequence[Entry]) -> Search:
    """Return the search with ids and query as part of its filter, typed for these entries. Raises BadRequest."""
    return _resolve(search, entries, merge_queryables(entries))


def _resolve(search: Search, entries: Sequence[Entry], queryables: Queryables) -> Search:
    clauses = [ids_filter(search.ids, entries)] if search.ids else []
    if search.filter:
        clauses.append(search.filter)
    cql2 = all_of(clauses) if clauses else None
    if search.query:
        cql2 = all_of([*([cql2] if cql2 else []), query_filter(search.query, queryables)])
    return replace(search, filter=cql2 and type_literals(cql2, queryables), query=())


def matches_nothing(search: Search, entry: Entry) -> bool:
    """Return whether no Item of an entry can match a resolved search, by its mapping alone."""
    entry = entry.without_details
    return compile_filter(spelled(search.filter, entry), entry) == NOTHING


def make_step(search: Search, entry: Entry) -> Step:
    """Return what one dataset is searched for; the search's filter is resolved."""
    search = replace(search, filter=spelled(search.filter, entry))
    compiled = compile_filter(search.filter, entry)
    resolved = {meaning: None for identifier in search.ids if (meaning := resolve_id(identifier, entry))}
    if search.ids and not resolved:
        compiled = NOTHING
    residual = _residual(search, entry)
    if compiled == NOTHING or not _must_look_up(resolved, entry):
        return Step(entry, compiled.filter, compiled.exact, residual)
    ids = tuple(meaning.id for meaning in resolved if isinstance(meaning, ItemId))
    entity_ids = tuple(meaning.id for meaning in resolved if isinstance(meaning, EntityId))
    return Step(entry, compiled.filter, compiled.exact, residual, ids, entity_ids)


def _residual(search: Search, entry: Entry) -> Residual | None:
    if search.filter is None:
        return None
    left = unanswered(search.filter, entry)
    if isinstance(left, bool):
        return None if left else Residual({"op": "and", "args": [False]})
    used = {name: entry.queryables.get(name) for name in properties_of(left)}
    known = {name: queryable for name, queryable in used.items() if queryable}
    times = {name for name, queryable in known.items() if queryable.kind == "datetime"}
    others = {name: queryable.others for name, queryable in known.items() if queryable.others}
    return Residual(left, times, others)


def _must_look_up(resolved: Iterable[ResolvedId], entry: Entry) -> bool:
    """Whether M2M cannot filter by one of the ids. An id that lacks a part cannot be looked up."""
    meanings = tuple(resolved)
    if any(isinstance(meaning, PartialId) for meaning in meanings):
        return False
    kinds = {type(meaning): meaning for meaning in meanings}
    return any(compile_filter(meaning.filter, entry) == UNKNOWN for meaning in kinds.values())


def preference(search: Search, entry: Entry) -> tuple[Any, ...]:
    """Return a sort key for the datasets of a resolved search that names no collections.

    Datasets with a mapping come first, among them those to which the filter can be pushed down and whose ids have a
    known form, then the newest missions. The key depends on the search, the list of datasets and the mappings only:
    the details of a dataset differ between workers and between pages, and the order must not.
    """
    mapping = entry.mapping
    names = properties_of(search.filter) - CORE_QUERYABLES.keys() if search.filter else frozenset()
    can_push = all((row := mapping.properties.get(name)) and (row.filter or row.is_constant) for name in names)
    start = day_start(entry.dataset.acquisition_start)
    age = -date.fromisoformat(start[:10]).toordinal() if start else 0
    return mapping.is_generic, not can_push, not mapping.item.patterns, age, entry.dataset.alias


def _check_cost(search: Search, datasets: int) -> None:
    """Refuse a resolved search before its filter is compiled too often. Raises BadRequest."""
    conditions = sum(isinstance(part, dict) and "op" in part for part in subexpressions(search.filter))
    if conditions * datasets > MAX_COMPILED:
        raise BadRequest(
            f"filter has {conditions} conditions, ids included, for {datasets} datasets: {conditions * datasets} "
            f"together, and {MAX_COMPILED} are the maximum. Name fewer collections, or use fewer conditions."
        )


def prunings(search: Search, catalog: Catalog) -> list[Pruning]:
    """Return the dataset-searches that tell which datasets may have matches; none for a limited search.

    ``search`` has its collections resolved. Raises BadRequest for a filter that no dataset can answer.
    """
    if _is_limited(search):
        return []
    entries = tuple(catalog.entries.values())
    queryables = merge_queryables(entries)
    resolved = _resolve(search, entries, queryables)
    if search.sortby:
        Order(search.sortby, queryables)  # raises before the dataset-searches are requested
    return pruning(resolved, entries)


def pruning(search: Search, entries: Sequence[Entry]) -> list[Pruning]:
    """Return the dataset-searches of a resolved search, one for each group of datasets with the same slots.

    A dataset that cannot be filtered by days must not be ruled out by days; nor must it, in a joint search, remove the
    days from the others.
    """
    groups: dict[tuple[bool, bool], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.can_filter_by("time"), entry.can_filter_by("place")), []).append(entry)
    return [_group_pruning(search, group) for group in groups.values()]


def _group_pruning(search: Search, entries: Sequence[Entry]) -> Pruning:
    """Entries of one mapping compile to the same filter, unless the search's filter names collections or datasets.

    They are compiled without their details, so that each worker prunes alike.
    """
    names_collections = search.filter is not None and not _COLLECTION_PROPERTIES.isdisjoint(
        properties_of(search.filter)
    )
    distinct = {entry.dataset.alias if names_collections else id(entry.mapping): entry for entry in entries}
    _check_cost(search, len(distinct))
    undetailed = [entry.without_details for entry in distinct.values()]
    compiled = (compile_filter(spelled(search.filter, entry), entry) for entry in undetailed)
    union = any_of([NOTHING, *compiled])
    # dataset-search takes a place and days only
    scene_filter = union.filter.model_copy(update={"metadata": None, "cloud": None, "months": None})
    return Pruning(scene_filter, frozenset(entry.dataset.alias for entry in entries))
