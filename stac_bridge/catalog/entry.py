"""An entry of the catalog: a dataset joined to its mapping and to what M2M offers for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping import Mapping, Queryable, Queryables, Union
from stac_bridge.mapping.model import Slot
from stac_bridge.mapping.queryables import filter_queryable, queryables_of
from stac_bridge.mapping.rows import FilterRow

_DATE_FORMAT = re.compile(r"\((?:ex\.?\s*|e\.g\.,?\s*)?(?:YYYY\W*MM\W*DD|MM\W*DD\W*YYYY)\)$", re.IGNORECASE)
"""The format at the end of a filter's label, such as "(Ex. YYYY/MM/DD)", which the label of the field lacks."""

_REMARK = re.compile(r"\s*\([^()]*\)$")
"""Any other remark at the end of a filter's label, such as "(No Data)", which the label of the field may lack."""

RESERVED = frozenset({"m2m:entity_id", "m2m:dataset", "m2m:product_code", "m2m:href_expires"})
"""Properties that the bridge itself writes with this prefix; a field of that name gets the suffix ``_field``."""


def field_name(label: str) -> str:
    """Return the name of the property made from a metadata field's label.

    >>> field_name("NW  Corner Lat dec"), field_name("Nadir/Off Nadir"), field_name("Entity ID")
    ('m2m:nw_corner_lat_dec', 'm2m:nadir_off_nadir', 'm2m:entity_id_field')
    """
    name = "m2m:" + ("_".join(re.findall(r"[a-z0-9]+", fold(label))) or "field")
    return f"{name}_field" if name in RESERVED else name


def find_filter(row: FilterRow, filters: Iterable[DatasetFilter]) -> DatasetFilter | None:
    """Return the filter that a row names: by id, else by the column in its SQL, else by the whole label."""
    tests: tuple[Callable[[DatasetFilter], bool], ...] = (
        lambda known: known.id == row.id,
        lambda known: row.column is not None and row.column.lower() in known.columns,
        lambda known: row.label is not None and fold(known.label) == fold(row.label),
    )
    offered = tuple(filters)
    return next((known for test in tests for known in offered if test(known)), None)


_UNCONVERTED = frozenset({"text", "part-1", "part-2", "part-3"})
"""Converters whose texts M2M compares as they are."""


def listed_values(queryable: Queryable, dataset_filter: DatasetFilter | None) -> dict[str, str | None] | None:
    """Return the value list of M2M's filter without "all", if Items have the same values unconverted."""
    row = queryable.row
    if row is None or row.filter is None or row.filter.equals is None or row.values or row.convert not in _UNCONVERTED:
        return None
    if row.filter.keys != "same" or dataset_filter is None:
        return None
    values = {key: text for key, text in (dataset_filter.value_list or {}).items() if key}
    # A single value is a checkbox of EarthExplorer; Items have other values, too.
    return values if len(values) > 1 else None


@dataclass(frozen=True, slots=True)
class DatasetDetails:
    """What M2M offers for a dataset, requested once: its dataset filters and its products."""

    filters: tuple[DatasetFilter, ...] = ()
    products: tuple[DatasetProduct, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A dataset, the mapping that describes it, and its details (None: not requested yet).

    An entry is a Collection of its own, or a member of the union whose id is ``union``.
    """

    dataset: Dataset
    mapping: Mapping
    details: DatasetDetails | None = None
    union: str | None = None

    @property
    def id(self) -> str:
        """The id of the Collection that holds its Items: the dataset's alias, or the union's id."""
        return self.union or self.dataset.alias

    @cached_property
    def without_details(self) -> Entry:
        """The entry as it is before its details are requested; made once, because it has queryables of its own."""
        return self if self.details is None else replace(self, details=None)

    def can_filter_by(self, slot: Slot) -> bool:
        """Return whether M2M may be sent this part of a scene filter; any other part would drop all scenes."""
        return slot in self.mapping.slots and (slot != "cloud" or self.dataset.supports_cloud_cover)

    @cached_property
    def queryables(self) -> Queryables:
        """The properties that a filter on this Collection may name.

        Of unmapped metadata fields, only those for which M2M offers a dataset filter are listed, under the name that
        Items have them by: the filter's label, without the format of a date that it may end with.
        """
        queryables = queryables_of(self.mapping)
        if not queryables.is_open:
            return queryables
        rows = tuple(self.mapping.properties.values())
        named = {found.id for row in rows if row.filter and (found := self.dataset_filter(row.filter))}
        read = {fold(source.field) for row in rows for source in row.chain if source.field}
        for dataset_filter in self.details.filters if self.details else ():
            label = _DATE_FORMAT.sub("", dataset_filter.label).strip() or dataset_filter.label
            is_pushed = dataset_filter.value_list is not None and dataset_filter.operator is not None
            if dataset_filter.id in named or (fold(label) in read and not is_pushed):
                continue
            name = field_name(label)
            row = FilterRow(by=dataset_filter.label, id=dataset_filter.id, keys="unchecked") if is_pushed else None
            plain = _REMARK.sub("", label) or label
            others = tuple(dict.fromkeys(field_name(text) for text in (label, plain, *sorted(dataset_filter.columns))))
            queryables.setdefault(name, filter_queryable(name, label, row, others[1:]))
        return queryables

    def dataset_filter(self, row: FilterRow) -> DatasetFilter | None:
        """Return the dataset filter that a row names; None if M2M does not offer it."""
        return find_filter(row, self.details.filters if self.details else ())

    def needs_details(self, names: Iterable[str]) -> bool:
        """Return whether details that are not known yet may change how a filter on these properties is sent to M2M."""
        return self.details is None and any(self._is_sent_by_dataset_filter(name) for name in names)

    def _is_sent_by_dataset_filter(self, name: str) -> bool:
        """Whether M2M may have a dataset filter for the property; the details alone show whether it has."""
        if name == "id":
            return self.mapping.item.id.filter is not None
        listed = dict.get(self.queryables, name)
        row = listed.filter if listed else None
        return name.startswith("m2m:") if listed is None else row is not None and not (row.cloud_cover or row.months)

    def listed_values(self, queryable: Queryable) -> dict[str, str | None] | None:
        """Return the values of a property by M2M's list of them, with M2M's text of each; None if there is no list."""
        row = queryable.filter
        return listed_values(queryable, self.dataset_filter(row)) if row and row.equals else None

    @cached_property
    def sortables(self) -> dict[str, Queryable]:
        """The properties that this Collection's Items may be sorted by."""
        return {name: queryable for name, queryable in self.queryables.items() if queryable.is_sortable}


@dataclass(frozen=True)
class Together:
    """A union, with those of its datasets that M2M lists; each member's ``id`` is the union's id."""

    union: Union
    members: tuple[Entry, ...]

    @property
    def id(self) -> str:
        """The Collection's id."""
        return self.union.union
