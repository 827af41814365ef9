"""Ids as other services write them → the ids that Items have, as far as a mapping's ``other_ids`` describe them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from stac_bridge.search.cql2.parser import all_of, escape_like
from stac_bridge.search.params.times import read_datetime
from stac_bridge.search.pushdown.conditions import id_fits
from stac_bridge.search.pushdown.times import datetime_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.catalog.entry import Entry
    from stac_bridge.search.cql2.parser import Cql2

_ID = {"property": "id"}


def canonical_id(identifier: str, entry: Entry) -> str:
    """Return the Item's id for an id that may have the suffix of another form."""
    for form in entry.mapping.item.other_ids:
        if form.ends and identifier.endswith(form.ends):
            return identifier.removesuffix(form.ends)
    return identifier


def partial_id_filter(identifier: str, entry: Entry) -> Cql2 | None:
    """Return the filter for the ids that an id without one of its parts may stand for; None if no part is missing."""
    parts = canonical_id(identifier, entry).split("_")
    for form in entry.mapping.item.other_ids:
        if form.lacks and form.day and form.of == len(parts) + 1 and (day := _day_filter(parts[form.day - 1])):
            escaped = [escape_like(part) for part in parts]
            pattern = [*escaped[: form.lacks - 1], "%", *escaped[form.lacks - 1 :]]
            return all_of([{"op": "like", "args": [_ID, "\\_".join(pattern)]}, day])
    return None


def _day_filter(text: str) -> Cql2 | None:
    """The filter for a day written as 20201204: M2M finds the few scenes of a day much faster than it searches text."""
    if not (len(text) == 8 and text.isascii() and text.isdecimal()):
        return None
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        return None
    return datetime_filter(read_datetime(f"{day}T00:00:00Z/{day}T23:59:59.999999Z"))


def ids_filter(ids: Sequence[str], entries: Iterable[Entry]) -> Cql2:
    """Return the filter for Items with these ids, each in any form that one of the entries knows."""
    entries = tuple(entries)
    clauses: list[Cql2] = []
    complete: list[str] = []
    for identifier in ids:
        fitting = [entry for entry in entries if id_fits(identifier, entry)]
        partial = [clause for entry in fitting if (clause := partial_id_filter(identifier, entry))]
        clauses += [clause for index, clause in enumerate(partial) if clause not in partial[:index]]
        canonical = [
            canonical_id(identifier, entry) for entry in fitting if partial_id_filter(identifier, entry) is None
        ]
        complete += canonical or ([] if partial else [identifier])
    if complete:
        clauses.insert(0, {"op": "in", "args": [_ID, list(dict.fromkeys(complete))]})
    return clauses[0] if len(clauses) == 1 else {"op": "or", "args": clauses}
