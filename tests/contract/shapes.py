"""The shape of an answer: every place in it, and the kinds of JSON value that stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["Shapes", "shapes"]

Shapes = dict[str, set[str]]

_KINDS = {
    type(None): "null",
    bool: "true/false",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
}

_BY_ID = re.compile(
    r".*\.(newRecords|duplicateProducts|valueList|productIds|secondary|secondary\.\*)"
    r"|(scene-metadata-list|dataset-messages|dataset-catalogs|dataset-categories) data"
    r"|dataset-messages data\.\*"
)
"""Objects whose keys are ids or names: each of their values stands at the one place ``*``."""


def shapes(endpoint: str, answers: Iterable[Any]) -> Shapes:
    """Place → kinds over all these answers of an endpoint; the elements of a list are one place, ``[]``."""
    found: Shapes = {}
    for answer in answers:
        for place, value in _places(answer, "", endpoint):
            found.setdefault(place, set()).add(_KINDS[type(value)])
    return found


def _places(value: Any, place: str, endpoint: str) -> Iterator[tuple[str, Any]]:
    if place:
        yield place, value
    if isinstance(value, dict):
        by_id = bool(_BY_ID.fullmatch(f"{endpoint} {place}"))
        for key, part in value.items():
            yield from _places(part, f"{place}.{'*' if by_id else key}".lstrip("."), endpoint)
    elif isinstance(value, list):
        for part in value:
            yield from _places(part, f"{place}[]", endpoint)
