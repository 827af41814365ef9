"""Values of a filter as the Items of a dataset have them: ``LANDSAT_8`` becomes ``landsat-8``, ``Tier 1`` ``T1``.

Scripts were written for other services, above all LandsatLook, which spell the same values in other ways. Only a value
that no Item can have is replaced, and only if it can mean a single one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stac_bridge.catalog.entry import Entry
from stac_bridge.mapping import Queryable, Row
from stac_bridge.mapping.converters import CONVERTERS
from stac_bridge.search.cql2.parser import Cql2, escape_like
from stac_bridge.search.pushdown.domains import LISTS, MAX_LIKE, like_matcher

Meaning = str | tuple[str, ...]
"""What a spelling means: a single value, or the elements of a list."""

_NORMALIZING = frozenset({"day", "mission", "platform"})
"""Converters that do not change their own results: they can also be applied to a value that a client writes."""

_SEPARATORS = re.compile(r"[\W_]+")


def plain_spelling(text: str) -> str:
    """Return a value without case and separators, in which services differ.

    >>> plain_spelling("LANDSAT_8"), plain_spelling("Tier 1"), plain_spelling("ETM+")
    ('landsat8', 'tier1', 'etm')
    """
    return _SEPARATORS.sub("", text.casefold())


def spelled(expression: Cql2 | None, entry: Entry) -> Cql2 | None:
    """Return a typed filter in which values are spelled as in the Items of an entry, as far as they are known."""
    return expression and Speller(entry).spelled(expression)


class Speller:
    """Spells values as the Items of an entry have them; looks up what is known of a property once."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._spellings: dict[str, dict[str, Meaning]] = {}
        self._spaced_names: dict[str, dict[str, set[str]]] = {}

    def spelled(self, expression: Any) -> Any:
        """Return a typed filter, or a part of it, with these values."""
        if not isinstance(expression, dict) or "op" not in expression:
            return expression
        op, args = expression["op"], expression["args"]
        if op in ("and", "or", "not"):
            return {"op": op, "args": [self.spelled(part) for part in args]}
        if op in ("=", "like") and (folded := folded_text(args)):
            return self._without_case(expression, *folded)
        name = args[0].get("property") if args and isinstance(args[0], dict) else None
        queryable = self._entry.queryables.get(name) if name else None
        if queryable is None or queryable.row is None or len(args) != 2:
            return expression
        if op in LISTS and isinstance(args[1], list) and all(isinstance(element, str) for element in args[1]):
            return self._list(op, args[0], args[1], queryable)
        if op in ("=", "<>") and isinstance(args[1], str):
            return {"op": op, "args": [args[0], self._value(args[1], queryable)]}
        if op == "like" and isinstance(args[1], str):
            return self._like(args[0], args[1], queryable)
        return expression

    def known(self, queryable: Queryable) -> dict[str, Meaning]:
        """Return ``spellings`` of a property."""
        if queryable.name not in self._spellings:
            self._spellings[queryable.name] = spellings(queryable, self._entry)
        return self._spellings[queryable.name]

    def _names(self, queryable: Queryable) -> dict[str, set[str]]:
        """The texts that a property can have → their names, with one kind of separator."""
        names = self._spaced_names.setdefault(queryable.name, {})
        if not names:
            for name, meaning in _named(queryable, self._entry):
                if isinstance(meaning, str):
                    names.setdefault(meaning, set()).add(_spaced(name))
        return names

    def _value(self, value: str, queryable: Queryable) -> str:
        known = self.known(queryable)
        if known:
            meaning = known.get(plain_spelling(value))
            return meaning if isinstance(meaning, str) and value not in known.values() else value
        convert = _only_converter(queryable.row)
        return str(CONVERTERS[convert](value) or value) if convert in _NORMALIZING else value

    def _without_case(self, expression: Cql2, name: str, text: str) -> Cql2:
        """A comparison without case as one with the listed values; unchanged if Items can have others."""
        queryable = self._entry.queryables.get(name)
        meanings = dict.fromkeys(meaning for _, meaning in _named(queryable, self._entry)) if queryable else {}
        if not meanings or not all(isinstance(meaning, str) for meaning in meanings) or len(text) > MAX_LIKE:
            return expression
        op, subject, folded = expression["op"], {"property": name}, text.casefold()
        is_meant = like_matcher(folded) if op == "like" else folded.__eq__
        meant = [value for value in meanings if is_meant(str(value).casefold())]
        equal = [{"op": "=", "args": [subject, value]} for value in meant]
        return {"op": "or", "args": equal} if equal else self.spelled({"op": op, "args": [subject, text]})

    def _list(self, op: str, subject: Any, elements: list[Any], queryable: Queryable) -> Cql2:
        """A name of several elements together, such as OLI_TIRS, stands for all of them."""
        meanings = [self._elements(element, queryable) for element in elements]
        if op == "a_overlaps" and any(len(meaning) > 1 for meaning in meanings):
            parts = [{"op": "a_contains", "args": [subject, list(meaning)]} for meaning in meanings]
            return {"op": "or", "args": parts}
        flat = dict.fromkeys(element for meaning in meanings for element in meaning)
        return {"op": op, "args": [subject, list(flat)]}

    def _elements(self, element: Any, queryable: Queryable) -> tuple[Any, ...]:
        known = self.known(queryable)
        meaning = known.get(plain_spelling(element)) if isinstance(element, str) else None
        is_element = (element,) in known.values()
        return meaning if isinstance(meaning, tuple) and not is_element else (element,)

    def _like(self, subject: Any, pattern: str, queryable: Queryable) -> Cql2:
        """A pattern that matches no value is compared without case, and with other names of the values."""
        known, unchanged = self.known(queryable), {"op": "like", "args": [subject, pattern]}
        if not known:
            is_lower = _only_converter(queryable.row) == "platform"
            return {"op": "like", "args": [subject, pattern.lower()]} if is_lower else unchanged
        names = self._names(queryable)
        if len(pattern) > MAX_LIKE or any(map(like_matcher(pattern), names)):
            return unchanged
        is_meant = like_matcher(_spaced_like(pattern))
        meant = [text for text, spaced_names in names.items() if any(map(is_meant, spaced_names))]
        equal = [{"op": "=", "args": [subject, meaning]} for meaning in meant]
        return {"op": "or", "args": equal} if equal else unchanged


def folded_text(args: list[Any]) -> tuple[str, str] | None:
    """Return the property and the text of a comparison without case; None for another comparison."""
    match args:
        case [{"op": "casei", "args": [{"property": name}]}, {"op": "casei", "args": [str(text)]}]:
            return name, text
    return None


def spellings(queryable: Queryable, entry: Entry) -> dict[str, Meaning]:
    """Return plain spellings → the value that each means; empty if Items can have values that are not listed.

    A spelling of several values is left out.
    """
    meanings: dict[str, set[Meaning]] = {}
    for name, meaning in _named(queryable, entry):
        meanings.setdefault(plain_spelling(name), set()).add(meaning)
    return {name: found.pop() for name, found in meanings.items() if name and len(found) == 1}


def _named(queryable: Queryable, entry: Entry) -> list[tuple[str, Meaning]]:
    """Return the names of all values that a property can have: the values, M2M's codes and its texts of them."""
    row = queryable.row
    if row is None:
        return []
    listed = entry.listed_values(queryable) if row.otherwise is None else None
    if listed:
        return [(name, key) for key, text in listed.items() for name in (key, text) if name]
    if not all(link.is_constant or link.values is not None for link in row.chain):
        return []
    return [pair for link in row.chain for pair in _names_of_link(link)]


def _names_of_link(link: Row) -> Iterator[tuple[str, Meaning]]:
    for code, value in [("", link.value)] if link.is_constant else (link.values or {}).items():
        elements = value if isinstance(value, list | tuple) else [value]
        meaning = tuple(elements) if isinstance(value, list | tuple) else value
        if not all(isinstance(element, str) for element in elements):
            continue
        yield code, meaning
        for element in elements:
            yield element, (element,) if isinstance(meaning, tuple) else element


def _only_converter(row: Row | None) -> str:
    """Return the converter of a row with one source and no table; else nothing."""
    return row.convert if row and row.otherwise is None and row.values is None and not row.is_constant else ""


def _spaced(text: str) -> str:
    """Return text without case, and with one kind of separator."""
    return re.sub(r"[\W_]", "-", text.casefold())


def _spaced_like(pattern: str) -> str:
    r"""Return a LIKE pattern as ``_spaced`` text, in which wildcards stay.

    >>> _spaced_like("LANDSAT_8%"), _spaced_like("LANDSAT\\_8"), _spaced_like("Tier 1")
    ('landsat_8%', 'landsat-8', 'tier-1')
    """
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join(part if part in ("%", "_") else escape_like(_spaced(part[-1])) for part in parts)
