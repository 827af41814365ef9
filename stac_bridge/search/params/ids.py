"""Ids as other services and files write them → the Items they mean, as far as a mapping's ``other_ids`` go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from stac_bridge.catalog.entry import Entry
from stac_bridge.mapping.id_forms import IdMatch
from stac_bridge.search.cql2.parser import Cql2, all_of, escape_like
from stac_bridge.search.params.times import read_datetime
from stac_bridge.search.pushdown.conditions import id_fits, like_fits
from stac_bridge.search.pushdown.times import datetime_filter

_ID = {"property": "id"}


@dataclass(frozen=True, slots=True)
class ItemId:
    """The id of one Item, or of none."""

    id: str

    @property
    def filter(self) -> Cql2:
        """The filter for this Item."""
        return {"op": "=", "args": [_ID, self.id]}


@dataclass(frozen=True, slots=True)
class EntityId:
    """M2M's other id of a scene, which is a property of the Item. Of one dataset, at most one Item has it."""

    name: str
    """The property's name."""
    id: str

    @property
    def filter(self) -> Cql2:
        """The filter for this Item."""
        return {"op": "=", "args": [{"property": self.name}, self.id]}


@dataclass(frozen=True, slots=True)
class PartialId:
    """An id without some of its parts. Several Items of a day can have it, such as older versions of a product."""

    pattern: str
    """A CQL2 pattern of the whole id."""
    day: str
    """The day of acquisition (YYYY-MM-DD): M2M finds the few scenes of a day much faster than it searches text."""

    @property
    def filter(self) -> Cql2:
        """The filter for these Items."""
        day = datetime_filter(read_datetime(f"{self.day}T00:00:00Z/{self.day}T23:59:59.999999Z"))
        return all_of([{"op": "like", "args": [_ID, self.pattern]}, day])


ResolvedId = ItemId | EntityId | PartialId


def resolve_id(identifier: str, entry: Entry) -> ResolvedId | None:
    """Return what an id in any form means in a dataset; None if none of its Items can be meant."""
    return _resolve_form(identifier, entry) or (ItemId(identifier) if id_fits(identifier, entry) else None)


def is_recognized(identifier: str, entry: Entry) -> bool:
    """Return whether the form of an id shows that it belongs to this dataset."""
    if entry.mapping.item.patterns and id_fits(identifier, entry):
        return True
    return _resolve_form(identifier, entry, include_shared=False) is not None


def _resolve_form(identifier: str, entry: Entry, *, include_shared: bool = True) -> ResolvedId | None:
    for form in entry.mapping.item.other_ids.values():
        match = form.match(identifier) if include_shared or not form.shared else None
        resolved = _resolve_match(match, entry) if match else None
        if resolved:
            return resolved
    return None


def _resolve_match(match: IdMatch, entry: Entry) -> ResolvedId | None:
    if match.form.property is not None:
        return EntityId(match.form.property, match.text)
    pattern = match.like(escape_like)
    if pattern is None:
        return ItemId(match.id) if id_fits(match.id, entry) else None
    day = _day(match.parts["day"])
    return PartialId(pattern, day) if day and like_fits(pattern, entry) else None


def _day(text: str) -> str | None:
    """The day written as 20201204, or as 2020339 (day of the year), in ISO 8601; None if there is no such day."""
    if not (len(text) in (7, 8) and text.isascii() and text.isdecimal()):
        return None
    try:
        day = date.fromisoformat(text) if len(text) == 8 else date(int(text[:4]), 1, 1) + timedelta(int(text[4:]) - 1)
    except (ValueError, OverflowError):
        return None
    return day.isoformat() if day.year == int(text[:4]) else None


def ids_filter(ids: Sequence[str], entries: Iterable[Entry]) -> Cql2:
    """Return the filter for Items with these ids, each in any form that one of the entries knows."""
    # one entry of each mapping, because ids are resolved by the mapping alone
    distinct = list({id(entry.mapping): entry for entry in entries}.values())
    resolved: dict[ResolvedId, None] = {}
    for identifier in ids:
        meanings = [meaning for entry in distinct if (meaning := resolve_id(identifier, entry))]
        resolved |= dict.fromkeys(meanings or [ItemId(identifier)])
    complete = [meaning.id for meaning in resolved if isinstance(meaning, ItemId)]
    clauses = [meaning.filter for meaning in resolved if not isinstance(meaning, ItemId)]
    if complete:
        clauses.insert(0, {"op": "in", "args": [_ID, complete]})
    return clauses[0] if len(clauses) == 1 else {"op": "or", "args": clauses}
