"""Ids in the forms that other services give them → the ids that Items have, as far as a mapping's rows tell."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from stac_bridge.search.cql2.parser import all_of
from stac_bridge.search.params.times import read_datetime
from stac_bridge.search.pushdown.conditions import fits
from stac_bridge.search.pushdown.times import asked_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.search.cql2.parser import Cql2

__all__ = ["ids_clause", "ids_like", "whole_id"]

_ID = {"property": "id"}


def whole_id(identifier: str, entry: Entry) -> str:
    """An id without the ending that a form of it has."""
    for form in entry.mapping.item.other_ids:
        if form.ends and identifier.endswith(form.ends):
            return identifier.removesuffix(form.ends)
    return identifier


def ids_like(identifier: str, entry: Entry) -> Cql2 | None:
    """The filter of the ids that an id without one of its parts may mean; None where it lacks none."""
    parts = whole_id(identifier, entry).split("_")
    for form in entry.mapping.item.other_ids:
        if form.lacks and form.day and form.of == len(parts) + 1 and (day := _day(parts[form.day - 1])):
            known = [_escaped(part) for part in parts]
            whole = [*known[: form.lacks - 1], "%", *known[form.lacks - 1 :]]
            return all_of([{"op": "like", "args": [_ID, "\\_".join(whole)]}, day])
    return None


def _day(said: str) -> Cql2 | None:
    """The filter of a day written as 20201204: few scenes are of one, where text is slow to find among all."""
    if not (len(said) == 8 and said.isascii() and said.isdecimal()):
        return None
    try:
        day = date.fromisoformat(said).isoformat()
    except ValueError:
        return None
    return asked_time(read_datetime(f"{day}T00:00:00Z/{day}T23:59:59.999999Z"))


def ids_clause(ids: Sequence[str], entries: Iterable[Entry]) -> Cql2:
    """The filter of Items with these ids, each in any form that a Collection knows."""
    every = tuple(entries)
    clauses: list[Cql2] = []
    whole: list[str] = []
    for one in ids:
        fitting = [entry for entry in every if fits(one, entry)]
        alike = [clause for entry in fitting if (clause := ids_like(one, entry))]
        clauses += [clause for place, clause in enumerate(alike) if clause not in alike[:place]]
        whole += [whole_id(one, entry) for entry in fitting if ids_like(one, entry) is None] or ([] if alike else [one])
    if whole:
        clauses.insert(0, {"op": "in", "args": [_ID, list(dict.fromkeys(whole))]})
    return clauses[0] if len(clauses) == 1 else {"op": "or", "args": clauses}


def _escaped(text: str) -> str:
    """As LIKE has it."""
    return "".join(f"\\{one}" if one in "%_\\" else one for one in text)
