"""Warnings about conditions that no Item can meet, with the nearest value that Items can have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from stac_bridge.catalog.entry import Entry
from stac_bridge.mapping import TIME_PROPERTIES, Queryable
from stac_bridge.search.cql2.parser import Cql2, subexpressions
from stac_bridge.search.pushdown.domains import COMPARISONS, LISTS, Domain, can_hold, domains
from stac_bridge.search.pushdown.spellings import Meaning, Speller, folded_text, plain_spelling

MAX_WARNINGS = 5
"""Warnings of a search; people correct the first ones."""

_MAX_CONDITIONS = 500
"""Conditions that are looked at: a list of thousands of values was not written by hand."""

_MAX_SHOWN = 60
"""Characters of a value, and of a list of values, in a warning."""


@dataclass(frozen=True, slots=True)
class _Condition:
    """A comparison of a property with a literal."""

    name: str
    op: str
    value: Any
    folds: bool = False
    """Whether it is compared without case."""

    @property
    def cql2(self) -> Cql2:
        args = [{"property": self.name}, self.value]
        return {"op": self.op, "args": [{"op": "casei", "args": [part]} for part in args] if self.folds else args}


def impossible_conditions(expression: Any, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return a sentence for each condition of a typed filter that no Item of the entries can meet.

    A condition that compares a property that none of them has is not one: it was refused or is null everywhere.
    """
    if not isinstance(expression, dict):
        return ()
    # entries of one mapping differ in M2M's lists only
    distinct = {(id(entry.mapping), id(entry.details), entry.id): entry for entry in entries}.values()
    spellers = [(entry, Speller(entry)) for entry in distinct]
    checked = dict.fromkeys(_key(condition) for condition in islice(_conditions(expression), _MAX_CONDITIONS))
    sentences = (_sentence(condition, spellers) for condition in map(_condition, checked))
    return tuple(islice((sentence for sentence in sentences if sentence), MAX_WARNINGS))


def _key(condition: _Condition) -> tuple[str, str, Any, bool]:
    value = condition.value
    return condition.name, condition.op, tuple(value) if isinstance(value, list) else value, condition.folds


def _condition(key: tuple[str, str, Any, bool]) -> _Condition:
    name, op, value, folds = key
    return _Condition(name, op, list(value) if isinstance(value, tuple) else value, folds)


def _conditions(expression: Cql2) -> Iterator[_Condition]:
    """Yield the comparisons with text or numbers; of lists, each element, and ``<>`` as ``=``."""
    for part in subexpressions(expression):
        match part:
            case {"op": op, "args": [{"property": name}, str() | int() | float() | bool() as value]}:
                if (op in COMPARISONS or op == "like") and name not in TIME_PROPERTIES and name != "id":
                    yield _Condition(name, "=" if op == "<>" else op, value)
            case {"op": "=" | "like" as op, "args": list(args)} if folded := folded_text(args):
                yield _Condition(folded[0], op, folded[1], folds=True)
            case {"op": op, "args": [{"property": name}, list() as elements]} if op in LISTS:
                texts = (element for element in elements if not isinstance(element, list | dict))
                yield from (_Condition(name, "a_contains", [element]) for element in texts)


def _sentence(condition: _Condition, entries: Iterable[tuple[Entry, Speller]]) -> str | None:
    known: list[Domain] = []
    names: dict[str, Meaning] = {}
    for entry, speller in entries:
        queryable = entry.queryables.get(condition.name)
        if queryable is None:
            continue
        if _may_hold(condition, queryable, entry, speller):
            return None
        known += domains(queryable, entry)
        names |= speller.known(queryable)
    return f"No Item has {_shown_condition(condition)}; {_advice(condition, known, names)}" if known else None


def _may_hold(condition: _Condition, queryable: Queryable, entry: Entry, speller: Speller) -> bool:
    alternatives = speller.spelled(condition.cql2)
    parts = alternatives["args"] if alternatives["op"] == "or" else [alternatives]
    if parts == [condition.cql2] and condition.folds:
        return True  # its values are not listed
    return any(can_hold(queryable, part["op"], part["args"][1], entry) for part in parts)


def _advice(condition: _Condition, known: Sequence[Domain], names: dict[str, Meaning]) -> str:
    """The nearest value, else the values, the form or the limits that the property has."""
    values = [value for domain in known for value in domain.values or () if value is not None]
    flat = dict.fromkeys(
        element for value in values for element in (value if isinstance(value, list | tuple) else [value])
    )
    spelled_names = {**{plain_spelling(str(value)): value for value in flat if isinstance(value, str)}, **names}
    near = difflib.get_close_matches(plain_spelling(_text(condition.value)), list(spelled_names), 1)
    if near:
        nearest = spelled_names[near[0]]
        return f"did you mean {_text(list(nearest) if isinstance(nearest, tuple) else nearest)!r}?"
    limits = [domain for domain in known if domain.low is not None and not domain.patterns]
    if limits:
        low, high = limits[0].low, limits[0].high
        return f"its values are {f'from {low} to {high}' if high is not None else f'at least {low}'}."
    if flat:
        return f"its values are {_cut(', '.join(str(value) for value in flat))}."
    if forms := [form for domain in known for form in domain.patterns]:
        return f"its values have the form {' or '.join(dict.fromkeys(map(_sample, forms[:3])))}."
    return "its values are numbers."


def _sample(pattern: str) -> str:
    """Return a form with the first character of each set.

    >>> _sample("MGRS-[0-9][C-X][A-Z]"), _sample("LC0?_*")
    ('MGRS-0CA', 'LC0?_*')
    """
    return re.sub(r"\[(.)[^\]]*\]", r"\1", pattern)


def _shown_condition(condition: _Condition) -> str:
    value = _text(condition.value)
    shown = repr(_cut(value)) if isinstance(condition.value, str | list) else _cut(value)
    op = "LIKE" if condition.op == "like" else "=" if condition.op in LISTS else condition.op
    return f"{condition.name} {op} {shown}"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
