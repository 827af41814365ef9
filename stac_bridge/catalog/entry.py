"""An entry of the catalog: a dataset joined to its mapping and to what M2M offers for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping.queryables import Queryable, queryables_of
from stac_bridge.mapping.titles import title_of

if TYPE_CHECKING:
    from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
    from stac_bridge.mapping import Mapping, Queryables, Union
    from stac_bridge.mapping.model import Slot

RESERVED = frozenset({"m2m:entity_id", "m2m:dataset", "m2m:product_code", "m2m:href_expires"})
"""Properties that the bridge itself writes with this prefix; a field of that name gets the suffix ``_field``."""


@lru_cache(maxsize=8192)
def field_name(label: str) -> str:
    """Return the name of the property made from a metadata field's label.

    >>> field_name("NW  Corner Lat dec"), field_name("Nadir/Off Nadir"), field_name("Entity ID")
    ('m2m:nw_corner_lat_dec', 'm2m:nadir_off_nadir', 'm2m:entity_id_field')
    """
    name = "m2m:" + ("_".join(re.findall(r"[a-z0-9]+", fold(label))) or "field")
    return f"{name}_field" if name in RESERVED else name


@dataclass(frozen=True, slots=True)
class Learnt:
    """What M2M offers for a dataset, requested once: its dataset filters and its products."""

    filters: tuple[DatasetFilter, ...] = ()
    products: tuple[DatasetProduct, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A dataset, the mapping that describes it, and what was learnt about it (None: not requested yet).

    An entry is a Collection of its own, or a member of the union whose id is ``union``.
    """

    dataset: Dataset
    mapping: Mapping
    learnt: Learnt | None = None
    union: str | None = None

    @property
    def id(self) -> str:
        """The id of the Collection that holds its Items: the dataset's alias, or the union's id."""
        return self.union or self.dataset.alias

    def can_filter_by(self, slot: Slot) -> bool:
        """Return whether M2M may be sent this part of a scene filter; any other part would drop all scenes."""
        return slot in self.mapping.slots and (slot != "cloud" or self.dataset.supports_cloud_cover)

    @cached_property
    def queryables(self) -> Queryables:
        """The properties that a filter on this Collection may name.

        Of unmapped metadata fields, only those for which M2M offers a dataset filter are listed.
        """
        queryables = queryables_of(self.mapping)
        if queryables.is_open:
            for dataset_filter in self.learnt.filters if self.learnt else ():
                name = field_name(dataset_filter.label)
                queryables.setdefault(name, Queryable(name, "any", title_of(name, dataset_filter.label)))
        return queryables

    @cached_property
    def sortables(self) -> dict[str, Queryable]:
        """The properties that this Collection's Items may be sorted by."""
        return {name: queryable for name, queryable in self.queryables.items() if queryable.is_sortable}

    @cached_property
    def filters(self) -> dict[str, DatasetFilter]:
        """The dataset filters, by folded label."""
        filters = self.learnt.filters if self.learnt else ()
        return {fold(dataset_filter.label): dataset_filter for dataset_filter in filters}


@dataclass(frozen=True)
class Together:
    """A union, with those of its datasets that M2M lists; each member's ``id`` is the union's id."""

    union: Union
    members: tuple[Entry, ...]

    @property
    def id(self) -> str:
        """The Collection's id."""
        return self.union.union
