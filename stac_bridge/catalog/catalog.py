"""The list of all entries: the datasets of M2M's dataset-search, each joined to its mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from stac_bridge.catalog.entry import DatasetDetails, Entry, Together
from stac_bridge.errors import NotFound
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping import Mappings, Union


@dataclass(frozen=True)
class Catalog:
    """All datasets of the served catalog groups, by alias, in M2M's order; ``fetched`` is in Unix seconds.

    ``declared_unions`` are the unions that the mappings define, ``unions`` those that have members.
    """

    entries: dict[str, Entry]
    fetched: float
    declared_unions: tuple[Union, ...] = ()

    @cached_property
    def unions(self) -> dict[str, Together]:
        """The unions that have members, by id. A dataset whose alias equals a union's id takes precedence."""
        unions = [Together(union, self._union_members(union)) for union in self.declared_unions]
        return {union.id: union for union in unions if union.members and union.id not in self.entries}

    @cached_property
    def _unions_by_alias(self) -> dict[str, Together]:
        return {alias: union for union in self.unions.values() for alias in (union.id, *union.union.aliases)}

    def _union_members(self, union: Union) -> tuple[Entry, ...]:
        entries = (self.entries.get(alias) for alias in union.datasets)
        return tuple(replace(entry, union=union.union) for entry in entries if entry)

    def find(self, collection: str) -> Entry | Together | None:
        """Return the entry or union of a Collection, by its id or by an alias of a union; None if there is none."""
        return self.entries.get(collection) or self._unions_by_alias.get(collection)

    def collection(self, collection: str) -> Entry | Together:
        """Return the entry or union of a Collection, as ``find`` does. Raises NotFound."""
        entry = self.find(collection)
        if entry is None:
            raise NotFound(f"There is no collection {collection!r}; see /collections for those there are.")
        return entry

    def members(self, collection: str) -> tuple[Entry, ...]:
        """Return the entries whose scenes are the Collection's Items: one, or those of a union. Raises NotFound."""
        entry = self.collection(collection)
        return entry.members if isinstance(entry, Together) else (entry,)

    def latest(self, entry: Entry) -> Entry:
        """Return this catalog's version of an entry that came from an earlier one. Raises NotFound."""
        alias = entry.dataset.alias
        latest = next((member for member in self.members(entry.id) if member.dataset.alias == alias), None)
        if latest is None:
            raise NotFound(f"M2M lists the dataset {alias!r} no longer; see /collections for those there are.")
        return latest

    def replace_details(self, dataset: str, details: DatasetDetails) -> Catalog:
        """Return a copy that knows the filters and products of one dataset (an alias)."""
        entry = replace(self.entries[dataset], details=details)
        return replace(self, entries={**self.entries, dataset: entry})


def build_catalog(
    datasets: Iterable[Dataset], mappings: Mappings, fetched: float, before: Catalog | None = None
) -> Catalog:
    """Join datasets to their mappings; ``fetched`` is in Unix seconds.

    Datasets of single files are left out, because the scenes that the files belong to are in other datasets.
    The details of a dataset in ``before`` are kept unless M2M has updated the dataset since.
    """
    entries = {}
    for dataset in datasets:
        if dataset.holds_single_files:
            continue
        known = before.entries.get(dataset.alias) if before else None
        details = known.details if known and known.dataset.date_updated == dataset.date_updated else None
        entries[dataset.alias] = Entry(dataset, mappings.for_dataset(dataset.alias), details)
    return Catalog(entries, fetched, mappings.unions)
