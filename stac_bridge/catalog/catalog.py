"""A mapping married to the live dataset it describes, and the list of all such pairs.

The list comes from dataset-search and is kept on disk with what was learnt of each dataset (its filters and
products), so that a restart, or a time without M2M, costs no call.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

from stac_bridge.errors import NotFound
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping.queryables import Queryable, queryables_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stac_bridge.mapping import Mapping, Mappings, Queryables, Union
    from stac_bridge.mapping.model import Slot

__all__ = ["Catalog", "Entry", "Learnt", "Together", "field_name", "keep", "kept", "marry"]

_log = logging.getLogger(__name__)
_VERSION = 2


RESERVED = frozenset({"m2m:entity_id", "m2m:dataset", "m2m:product_code", "m2m:href_expires"})
"""What the bridge itself says under this prefix; a field of that name gets ``_field`` behind it."""


@lru_cache(maxsize=8192)
def field_name(label: str) -> str:
    """The property that a field's label becomes.

    >>> field_name("NW  Corner Lat dec"), field_name("Nadir/Off Nadir"), field_name("Entity ID")
    ('m2m:nw_corner_lat_dec', 'm2m:nadir_off_nadir', 'm2m:entity_id_field')
    """
    name = "m2m:" + ("_".join(re.findall(r"[a-z0-9]+", fold(label))) or "field")
    return f"{name}_field" if name in RESERVED else name


@dataclass(frozen=True, slots=True)
class Learnt:
    """What M2M was asked once about a dataset: the filters it offers, the products it delivers."""

    filters: tuple[DatasetFilter, ...] = ()
    products: tuple[DatasetProduct, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A Collection in the making: a dataset, what it means, and what was learnt of it (None: not asked yet).

    ``union`` is the id of the union in which it stands as a member.
    """

    dataset: Dataset
    mapping: Mapping
    learnt: Learnt | None = None
    union: str | None = None

    @property
    def id(self) -> str:
        """The id of the Collection that its Items are in: the dataset's alias, or the union's id."""
        return self.union or self.dataset.alias

    def can_filter_by(self, slot: Slot) -> bool:
        """Return whether M2M may be sent this part of a scene filter; by any other it would drop all scenes."""
        return slot in self.mapping.slots and (slot != "cloud" or self.dataset.supports_cloud_cover)

    @cached_property
    def queryables(self) -> Queryables:
        """What a filter on this Collection's Items may name: of metadata fields, those that M2M has a filter for."""
        found = queryables_of(self.mapping)
        if found.is_open:
            for offered in self.learnt.filters if self.learnt else ():
                name = field_name(offered.label)
                found.setdefault(name, Queryable(name, "any", offered.label))
        return found

    @cached_property
    def sortables(self) -> dict[str, Queryable]:
        """What this Collection's Items may be sorted by."""
        return {name: one for name, one in self.queryables.items() if one.is_sortable}

    @cached_property
    def filters(self) -> dict[str, DatasetFilter]:
        """The dataset's filters by folded label."""
        return {fold(found.label): found for found in (self.learnt.filters if self.learnt else ())}


@dataclass(frozen=True)
class Together:
    """A union whose datasets M2M has, or some of them; ``members`` stand under the union's id."""

    union: Union
    members: tuple[Entry, ...]

    @property
    def id(self) -> str:
        """The Collection's id."""
        return self.union.union


@dataclass(frozen=True)
class Catalog:
    """All datasets of the served catalog groups, in the order M2M lists them; ``fetched`` in Unix seconds.

    ``known_unions`` are those that there may be, ``unions`` those that have members.
    """

    entries: dict[str, Entry]
    fetched: float
    known_unions: tuple[Union, ...] = ()

    @cached_property
    def unions(self) -> dict[str, Together]:
        """By id; a dataset of that alias goes before."""
        together = [Together(one, self._members(one)) for one in self.known_unions]
        return {one.id: one for one in together if one.members and one.id not in self.entries}

    @cached_property
    def _aliases(self) -> dict[str, Together]:
        return {alias: one for one in self.unions.values() for alias in (one.id, *one.union.aliases)}

    def _members(self, union: Union) -> tuple[Entry, ...]:
        found = (self.entries.get(alias) for alias in union.datasets)
        return tuple(replace(entry, union=union.union) for entry in found if entry)

    def find(self, collection: str) -> Entry | Together | None:
        """What a Collection is made of, by its id or an alias of a union's; None where there is none."""
        return self.entries.get(collection) or self._aliases.get(collection)

    def collection(self, collection: str) -> Entry | Together:
        """The same. Raises NotFound."""
        found = self.find(collection)
        if found is None:
            raise NotFound(f"There is no collection {collection!r}; see /collections for those there are.")
        return found

    def members(self, collection: str) -> tuple[Entry, ...]:
        """The entries whose scenes are the Items of a Collection: one, or those of a union. Raises NotFound."""
        found = self.collection(collection)
        return found.members if isinstance(found, Together) else (found,)

    def again(self, entry: Entry) -> Entry:
        """The same entry as this catalog has it. Raises NotFound."""
        alias = entry.dataset.alias
        found = next((one for one in self.members(entry.id) if one.dataset.alias == alias), None)
        if found is None:
            raise NotFound(f"M2M lists the dataset {alias!r} no longer; see /collections for those there are.")
        return found

    def with_learnt(self, dataset: str, learnt: Learnt) -> Catalog:
        """The same catalog, knowing more about one dataset."""
        entry = replace(self.entries[dataset], learnt=learnt)
        return replace(self, entries={**self.entries, dataset: entry})


def marry(datasets: Iterable[Dataset], mappings: Mappings, fetched: float, before: Catalog | None = None) -> Catalog:
    """Datasets and mappings → Catalog; what ``before`` had learnt of a dataset that did not change stays."""
    entries = {}
    for dataset in datasets:
        known = before.entries.get(dataset.alias) if before else None
        learnt = known.learnt if known and known.dataset.date_updated == dataset.date_updated else None
        entries[dataset.alias] = Entry(dataset, mappings.for_dataset(dataset.alias), learnt)
    return Catalog(entries, fetched, mappings.unions)


_datasets = TypeAdapter(tuple[Dataset, ...])
_filters = TypeAdapter(tuple[DatasetFilter, ...])
_products = TypeAdapter(tuple[DatasetProduct, ...])


def keep(catalog: Catalog, path: Path) -> None:
    """Write the catalog to ``path``, whole or not at all. A disk that refuses is logged, not raised."""
    written = orjson.dumps(
        {
            "version": _VERSION,
            "fetched": catalog.fetched,
            "datasets": _datasets.dump_python(
                tuple(entry.dataset for entry in catalog.entries.values()), mode="json", by_alias=True
            ),
            "learnt": {
                entry.id: {
                    "filters": _filters.dump_python(entry.learnt.filters, mode="json", by_alias=True),
                    "products": _products.dump_python(entry.learnt.products, mode="json", by_alias=True),
                }
                for entry in catalog.entries.values()
                if entry.learnt is not None
            },
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(written, path)
    except OSError as refused:
        _log.error("The catalogue could not be kept in %s: %s", path, refused)


def _write(content: bytes, path: Path) -> None:
    """Raises OSError, having left nothing behind: a disk that is full must not become fuller with every refresh."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise


def kept(path: Path, mappings: Mappings) -> Catalog | None:
    """The catalog kept at ``path``, or None where there is none that can be read."""
    try:
        said: dict[str, Any] = orjson.loads(path.read_bytes())
        if said["version"] != _VERSION:
            return None
        catalog = marry(_datasets.validate_python(said["datasets"]), mappings, said["fetched"])
        for collection, learnt in said["learnt"].items():
            catalog = catalog.with_learnt(
                collection,
                Learnt(_filters.validate_python(learnt["filters"]), _products.validate_python(learnt["products"])),
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as unreadable:
        _log.warning("The catalogue kept in %s cannot be read and is fetched anew: %s", path, unreadable)
        return None
    return catalog
