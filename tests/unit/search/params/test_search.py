"""The parameters of a search, and the errors that say what to change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.errors import BadRequest
from stac_bridge.search import parse
from stac_bridge.search.params.times import read_datetime

PARAMS = {"collections": "naip"}


def search(**params: Any) -> Any:
    return parse({**PARAMS, **params})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"bbox": "1,2,3"}, "west,south,east,north"),
        ({"bbox": "1,2,3,x"}, "west,south,east,north"),
        ({"bbox": "1,5,3,4"}, "south"),
        ({"bbox": "1,2,3,nan"}, "west,south,east,north"),
        ({"bbox": "181,2,183,4"}, "beyond the globe"),
        ({"bbox": [1, 2, 9, 3, 4, 5]}, "height"),
        ({"bbox": [True, 2, 3, 4]}, "west,south,east,north"),
        ({"bbox": "1,2,3,4", "intersects": {"type": "Point", "coordinates": [1, 2]}}, "not both"),
        ({"intersects": "{"}, "JSON"),
        ({"intersects": {"type": "Feature", "geometry": None}}, "Send its geometry"),
        ({"intersects": {"type": "Point", "coordinates": []}}, "empty|cannot be read"),
        ({"intersects": {"type": "Point", "coordinates": ["a", "b"]}}, "cannot be read"),
        ({"intersects": {"type": "Point", "coordinates": [200, 2]}}, "beyond the globe"),
        ({"datetime": "yesterday"}, "RFC 3339"),
        ({"datetime": "2020-12-04"}, "RFC 3339"),
        ({"datetime": "2020-13-04T00:00:00Z"}, "does not exist"),
        ({"datetime": "2020-12-04T00:00:00Z/2020-12-03T00:00:00Z"}, "ends before it starts"),
        ({"datetime": "../.."}, "open at both ends"),
        ({"datetime": "a/b/c"}, "slash"),
        ({"limit": "0"}, "from 1 to 1000"),
        ({"limit": "-1"}, "from 1 to 1000"),
        ({"limit": "ten"}, "from 1 to 1000"),
        ({"limit": "1_0"}, "from 1 to 1000"),
        ({"limit": "\u0665"}, "from 1 to 1000"),
        ({"limit": "9" * 5000}, "from 1 to 1000"),
        ({"limit": True}, "from 1 to 1000"),
        ({"limit": 1.5}, "from 1 to 1000"),
        ({"collections": {"a": 1}}, "list of ids"),
        ({"ids": [1, 2]}, "list of ids"),
        ({"token": 7}, "next link"),
        ({"colections": "naip"}, "did you mean 'collections'"),
        ({"wrs_path": "47"}, "no search parameter 'wrs_path'"),
    ],
)
def test_a_bad_parameter_is_refused_with_what_to_change(params: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        search(**params)


def test_text_and_json_forms_of_a_search_are_the_same_search() -> None:
    point = {"type": "Point", "coordinates": [1.0, 2.0]}
    text = parse({"collections": "a,b", "ids": "x,y", "intersects": '{"type":"Point","coordinates":[1,2]}'})
    json = parse({"collections": ["a", "b"], "ids": ["x", "y"], "intersects": point})
    assert text == json
    assert text.digest == json.digest


def test_a_single_collection_may_be_a_text() -> None:
    assert search().collections == ("naip",)


def test_empty_parameters_count_as_absent() -> None:
    assert search(bbox="", datetime="", ids="", token="", limit=None) == search()


def test_more_than_the_maximum_is_served_as_the_maximum() -> None:
    assert search(limit="5000").limit == 1000
    assert search().limit == 10


def test_heights_of_a_bbox_are_ignored() -> None:
    assert search(bbox="1,2,-100,3,4,9000") == search(bbox="1,2,3,4")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (
            "2020-12-04T19:02:11Z",
            datetime(2020, 12, 4, 19, 2, 11, tzinfo=UTC),
            datetime(2020, 12, 4, 19, 2, 11, tzinfo=UTC),
        ),
        ("2020-12-04T20:02:11.5+01:00/..", datetime(2020, 12, 4, 19, 2, 11, 500000, tzinfo=UTC), None),
        ("/2020-12-04t00:00:00z", None, datetime(2020, 12, 4, tzinfo=UTC)),
        (
            "2020-12-01T00:00:00Z/2020-12-31T23:59:59Z",
            datetime(2020, 12, 1, tzinfo=UTC),
            datetime(2020, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        ),
    ],
)
def test_instants_and_intervals_are_read_to_the_microsecond(text: str, start: Any, end: Any) -> None:
    interval = read_datetime(text)
    assert (interval.start, interval.end) == (start, end)


def test_whole_days_are_recognized() -> None:
    assert read_datetime("2020-12-01T00:00:00Z/2020-12-31T23:59:59Z").is_whole_days
    assert not read_datetime("2020-12-01T00:00:01Z/2020-12-31T23:59:59Z").is_whole_days


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["bbox", "datetime", "intersects", "ids", "limit", "token", "collections"]), JSON)
def test_any_value_is_parsed_or_refused_and_never_crashes(name: str, value: Any) -> None:
    try:
        parse({**PARAMS, name: value})
    except BadRequest as error:
        assert len(str(error)) > 20


@given(st.sampled_from(["Point", "Polygon", "MultiPolygon", "LineString", "GeometryCollection"]), JSON)
def test_a_nonsense_geometry_is_refused_with_an_error_text(kind: str, value: Any) -> None:
    key = "geometries" if kind == "GeometryCollection" else "coordinates"
    try:
        parse({**PARAMS, "intersects": {"type": kind, key: value}})
    except BadRequest as error:
        assert "intersects" in str(error)
