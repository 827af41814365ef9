"""Values tested as a set and prepared places match the Items that brute force matches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.search.cql2.bulk_tests import in_bulk
from stac_bridge.search.cql2.parser import SPATIAL
from stac_bridge.search.cql2.residual import Residual
from tests import brute
from tests.questions import p, said

NAMES = ("id", "platform", "gsd", "flag")
LITERALS = st.sampled_from(["a", "b", "1", "028", "", 1, 1.0, 2, -0.5, True, False])
EQUALS = st.builds(said, st.just("="), st.sampled_from(NAMES).map(p), LITERALS)


def box(west: int, south: int, size: int) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


BOXES = st.builds(box, st.integers(0, 4), st.integers(0, 4), st.integers(1, 3))
PLACES = st.one_of(
    st.builds(lambda op, place: said(op, p("geometry"), place), st.sampled_from(sorted(SPATIAL)), BOXES),
    st.builds(lambda op, place: said(op, place, p("geometry")), st.sampled_from(sorted(SPATIAL)), BOXES),
)
TREES = st.recursive(
    EQUALS | PLACES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: said("or", *parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: said("and", *parts)),
        inner.map(lambda part: said("not", part)),
    ),
    max_leaves=8,
)
ITEMS = st.builds(
    lambda name, geometry, properties: {
        "type": "Feature",
        "id": name,
        "collection": "c",
        "geometry": geometry,
        "properties": {key: value for key, value in properties.items() if value is not None},
    },
    st.sampled_from(["a", "b", "c"]),
    BOXES | st.none(),
    st.fixed_dictionaries(
        {
            "platform": st.sampled_from(["a", "1", "028", None]),
            "gsd": st.sampled_from([1, 1.0, 2, 3, None]),
            "flag": st.sampled_from([True, False, None]),
        }
    ),
)


def typed_truth(cql2: Any, item: dict[str, Any]) -> bool | None:
    """``brute.truth``, but values of two kinds never compare, as in the library."""
    if cql2["op"] in ("and", "or", "not"):
        parts = [typed_truth(part, item) for part in cql2["args"]]
        return brute._joined(cql2["op"], parts)
    if cql2["op"] == "=":
        value, literal = brute.value(cql2["args"][0], item), cql2["args"][1]
        kinds = {bool if isinstance(one, bool) else str if isinstance(one, str) else float for one in (value, literal)}
        return None if value is None or len(kinds) > 1 else bool(value == literal)
    return brute.truth(cql2, item)


@given(cql2=TREES, item=ITEMS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_tree_of_values_and_places_matches_what_brute_force_matches(
    cql2: dict[str, Any], item: dict[str, Any]
) -> None:
    assert Residual(cql2).matches(item) is (typed_truth(cql2, item) is True)


def test_two_thousand_values_are_one_test() -> None:
    expression = said("or", *(said("=", p("platform"), f"p{number}") for number in range(2000)))
    rest, tests = in_bulk(expression)
    assert len(rest["args"]) == len(tests) == 1
    one = Residual(said("=", p("platform"), "p1"))
    assert Residual(expression).cost == pytest.approx(one.cost, rel=0.2)


def test_a_thousand_ids_are_one_test() -> None:
    ids = [f"x{number}" for number in range(1000)]
    residual = Residual(said("in", p("id"), ids))
    rest, tests = in_bulk(said("in", p("id"), ids))
    assert (rest["op"], len(tests)) == ("=", 1)
    item = {"type": "Feature", "collection": "c", "geometry": None, "properties": {}}
    assert [residual.matches({**item, "id": name}) for name in ("x1", "x999", "x", "c")] == [True, True, False, False]


def test_four_hundred_boxes_are_one_test() -> None:
    expression = said("or", *(said("s_intersects", p("geometry"), box(n % 20, n // 20, 1)) for n in range(400)))
    rest, tests = in_bulk(expression)
    assert len(rest["args"]) == len(tests) == 1
