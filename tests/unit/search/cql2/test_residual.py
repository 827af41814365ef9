"""A filter on ``datetime``, tested on Items that have an instant and on Items that have a span."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.mapping.queryables import CORE_QUERYABLES
from stac_bridge.search.cql2.literals import type_literals
from stac_bridge.search.cql2.parser import read_filter
from stac_bridge.search.cql2.residual import Residual
from tests import brute, questions
from tests.support import examples

SPAN = {"datetime": None, "start_datetime": "2000-02-11T00:00:00Z", "end_datetime": "2000-02-22T23:59:59Z"}
INSTANT = {
    "datetime": "2000-02-11T10:00:00Z",
    "start_datetime": "2000-02-11T09:59:45Z",
    "end_datetime": "2000-02-11T10:00:15Z",
}

OF_A_SPAN = [
    ("datetime = TIMESTAMP('2000-02-15T12:00:00Z')", True),
    ("datetime = TIMESTAMP('2000-02-23T00:00:00Z')", False),
    ("datetime = DATE('2000-02-22')", True),
    ("datetime <> DATE('2000-02-22')", False),
    ("datetime <> DATE('2000-02-23')", True),
    ("datetime >= TIMESTAMP('2000-02-22T23:59:59Z')", True),
    ("datetime > TIMESTAMP('2000-02-22T23:59:59Z')", False),
    ("datetime <= TIMESTAMP('2000-02-11T00:00:00Z')", True),
    ("datetime < TIMESTAMP('2000-02-11T00:00:00Z')", False),
    ("datetime BETWEEN TIMESTAMP('2000-02-12T00:00:00Z') AND TIMESTAMP('2000-02-13T00:00:00Z')", True),
    ("NOT datetime > TIMESTAMP('2000-02-15T00:00:00Z')", False),
    ("NOT datetime > TIMESTAMP('2000-03-01T00:00:00Z')", True),
    ("TIMESTAMP('2000-02-15T00:00:00Z') < datetime", True),
    ("T_INTERSECTS(datetime, INTERVAL('2000-02-22', '2000-03-01'))", True),
    ("T_INTERSECTS(datetime, INTERVAL('2000-02-23', '..'))", False),
    ("NOT T_INTERSECTS(datetime, INTERVAL('2000-02-23', '..'))", True),
    ("T_AFTER(datetime, DATE('2000-02-10'))", True),
    ("T_AFTER(datetime, DATE('2000-02-11'))", False),
    ("T_BEFORE(datetime, DATE('2000-02-23'))", True),
    ("T_DURING(datetime, INTERVAL('2000-02-01', '2000-03-01'))", True),
    ("T_DISJOINT(datetime, DATE('2000-02-23'))", True),
    ("T_CONTAINS(INTERVAL('2000-02-01', '2000-03-01'), datetime)", True),
    ("datetime > start_datetime", True),
    ("datetime IS NULL", True),
    ("datetime IS NOT NULL", False),
]


def residual(text: str) -> Residual:
    return Residual(type_literals(read_filter(text), CORE_QUERYABLES), TIME_PROPERTIES)


def item_with(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": "a", "geometry": None, "properties": properties}


@pytest.mark.parametrize(("text", "expected"), OF_A_SPAN, ids=[text for text, _expected in OF_A_SPAN])
def test_a_comparison_of_datetime_is_true_of_a_span_if_it_is_true_of_any_instant_in_it(
    text: str, expected: bool
) -> None:
    assert residual(text).matches(item_with(SPAN)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("datetime = TIMESTAMP('2000-02-11T10:00:00Z')", True),
        ("datetime = TIMESTAMP('2000-02-11T10:00:01Z')", False),
        ("T_AFTER(datetime, TIMESTAMP('2000-02-11T09:59:59Z'))", True),
        ("datetime IS NULL", False),
    ],
)
def test_a_comparison_of_an_items_datetime_ignores_its_start_and_end(text: str, expected: bool) -> None:
    assert residual(text).matches(item_with(INSTANT)) is expected


def test_a_filter_on_datetime_needs_the_span_of_the_item() -> None:
    assert residual("datetime > DATE('2000-01-01')").names == set(TIME_PROPERTIES)
    assert residual("datetime IS NULL").names == {"datetime"}


def test_a_property_that_an_item_lacks_is_read_under_its_other_name() -> None:
    expression = {"op": "=", "args": [{"property": "m2m:sun_elevation"}, 30]}
    renamed = Residual(expression, (), {"m2m:sun_elevation": ("m2m:sun_elevation_l1",)})
    assert renamed.names == {"m2m:sun_elevation", "m2m:sun_elevation_l1"}
    assert renamed.matches(item_with({"m2m:sun_elevation_l1": 30}))
    assert not renamed.matches(item_with({"m2m:sun_elevation": 29, "m2m:sun_elevation_l1": 30}))


TIMED = st.one_of(
    st.builds(questions.said, st.sampled_from(questions.COMPARISONS), questions.moments, questions.stamps),
    st.builds(questions.said, st.sampled_from(questions.COMPARISONS), questions.moments, questions.dates),
    st.builds(questions.said, st.sampled_from(questions.COMPARISONS), questions.stamps, questions.moments),
    st.builds(
        questions.said,
        st.sampled_from(" ".join(questions.TEMPORAL).split()),
        questions.moments | questions.spans,
        questions.stamps | questions.dates | questions.intervals,
    ),
    st.builds(
        questions.said,
        st.sampled_from(" ".join(questions.TEMPORAL).split()),
        questions.stamps | questions.intervals,
        questions.moments,
    ),
)
TREES = st.recursive(
    TIMED,
    lambda inner: st.one_of(
        st.builds(lambda one, other: questions.said("and", one, other), inner, inner),
        st.builds(lambda one, other: questions.said("or", one, other), inner, inner),
        st.builds(lambda one: questions.said("not", one), inner),
    ),
    max_leaves=4,
)
SPANS = st.tuples(questions.texts, questions.texts).map(sorted)


@pytest.mark.slow
@given(cql2=TREES, span=SPANS)
@settings(max_examples=examples(300))
def test_any_filter_on_times_of_a_span_is_what_the_span_says(cql2: dict[str, Any], span: list[str]) -> None:
    item = item_with({"datetime": None, "start_datetime": span[0], "end_datetime": span[1]})
    typed = type_literals(read_filter(cql2, "cql2-json"), CORE_QUERYABLES)
    assert Residual(typed, TIME_PROPERTIES).matches(item) is brute.matches(cql2, item)
