"""Values that nobody expects: for requests to the server and for answers of M2M."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

Json = Any

TEXTS = st.sampled_from(
    [
        *("", " ", "null", "..", "../..", "%", "%s", "\\", "'", '"', "\x00", "\r\n", "\ud800", "\ufffe", "\U0001f6f0"),
        *("NaN", "-1", "1e999", "9" * 400, "0x1", "\u00b2", "\u0661", "2020-01-01", "0000-00-00T00:00:00Z", "Z/Z"),
        *("2020-13-45T25:61:61Z/..", "+1000000-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "../2020-01-01T00:00:00Z"),
        *("<img src=x onerror=alert(1)>", "javascript:alert(1)", "http://[", "https://\ud800/", "a" * 5000),
        *("POINT EMPTY", "{", "[", "{}", "[]", '{"op":"="}', "1,2,3,4", "0,0,0,0,0,0,0", "nan,0,1,1", "-id", "+"),
    ]
) | st.text(max_size=12)
NUMBERS = st.sampled_from(
    [*(0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**70), 10**300, 10**400), *(0.5, -0.0, 1e308, 5e-324)]
) | st.floats(allow_nan=False)
NOT_NUMBERS = st.sampled_from([float("nan"), float("inf"), float("-inf")])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, NOT_NUMBERS, TEXTS)

NAMES = st.sampled_from(
    [
        *("op", "args", "property", "type", "coordinates", "geometries", "features", "bbox", "interval", "timestamp"),
        *("date", "eq", "in", "field", "direction", "include", "exclude", "href", "hrefs", "assets", "id", ""),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=8,
) | st.integers(60, 400).map(lambda depth: _nested(depth))


def _nested(depth: int) -> Json:
    value: Json = []
    for _ in range(depth):
        value = [value]
    return value


@st.composite
def mutated(draw: st.DrawFn, documents: st.SearchStrategy[Json], values: st.SearchStrategy[Json] = VALUES) -> Json:
    """Draw a document of which some parts are removed, exchanged or replaced by odd values."""
    document = json.loads(json.dumps(draw(documents)))
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(document) if place]
        if not places:
            return draw(values)
        place = draw(st.sampled_from(places))
        parent = document
        for step in place[:-1]:
            parent = parent[step]
        change = draw(st.sampled_from(["replace", "replace", "replace", "remove", "wrap", "duplicate"]))
        current = parent[place[-1]]
        if change == "remove":
            del parent[place[-1]]
        else:
            new = {"wrap": [current], "duplicate": {"0": current, "2": current}}
            parent[place[-1]] = draw(values) if change == "replace" else new[change]
    return document


def _places(value: Json, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(deeper for key, child in children for deeper in _places(child, (*place, key)))]


def dumped(value: Json) -> bytes:
    """JSON as Python's own library writes it, which has NaN, lone surrogates and integers of any length."""
    return json.dumps(value).encode("utf-8", "surrogatepass")
