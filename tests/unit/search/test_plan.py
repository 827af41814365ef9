"""Which datasets are asked what: the narrowest scene filter that loses no scene."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from stac_bridge.errors import BadCursor, BadRequest
from stac_bridge.m2m.filters import DayRange, GeoJson, Mbr, Value
from stac_bridge.search import Cursor, Plan, open_cursor, parse, plan, seal_cursor
from stac_bridge.search.cursor import LIFETIME
from tests.support import entry_of

KEY, OTHER = b"k" * 32, b"o" * 32


def planned(dataset: str = "landsat_ot_c2_l2", **said: Any) -> Plan:
    return plan(parse({"collections": dataset, **said}, 1000), [entry_of(dataset)])


def test_a_search_names_its_collections() -> None:
    with pytest.raises(BadRequest, match="Name the collections"):
        plan(parse({}, 1000), [])


def test_whole_days_are_said_exactly() -> None:
    (step,) = planned(datetime="2020-12-01T00:00:00Z/2020-12-31T23:59:59Z").steps
    assert step.exact
    assert step.filter.acquisition == DayRange(start=date(2020, 12, 1), end=date(2020, 12, 31))


def test_an_instant_asks_for_its_day_and_is_not_exact() -> None:
    (step,) = planned(datetime="2020-12-04T19:02:11Z").steps
    assert not step.exact
    assert step.filter.acquisition == DayRange(start=date(2020, 12, 4), end=date(2020, 12, 4))


def test_open_intervals_are_open_on_one_side() -> None:
    (step,) = planned(datetime="2020-12-04T00:00:00Z/..").steps
    assert step.filter.acquisition == DayRange(start=date(2020, 12, 4), end=date.max)


def test_nothing_asked_is_everything_and_exact() -> None:
    (step,) = planned().steps
    assert step.exact
    assert step.filter.is_open


def test_a_box_is_an_mbr_and_never_exact() -> None:
    (step,) = planned(bbox="6,46,7,47").steps
    assert not step.exact
    assert step.filter.spatial == Mbr.of(6, 46, 7, 47)


def test_a_box_across_the_antimeridian_is_sent_as_two() -> None:
    (step,) = planned(bbox="179,-18,-179,-16").steps
    assert isinstance(step.filter.spatial, GeoJson)
    assert step.filter.spatial.geometry["type"] == "MultiPolygon"


def test_any_other_geometry_is_sent_as_it_is() -> None:
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    (step,) = planned(intersects=triangle).steps
    assert isinstance(step.filter.spatial, GeoJson)
    assert step.filter.spatial.geometry["type"] == "Polygon"


def test_ids_are_asked_by_the_datasets_own_filter() -> None:
    (step,) = planned(ids="LC08_L2SP_047027_20201204_20210313_02_T1").steps
    assert step.filter.metadata == Value(
        filter_id="5e83d14f567d0086", value="LC08_L2SP_047027_20201204_20210313_02_T1", operand="="
    )
    assert step.ids == ()


def test_ids_of_a_dataset_without_such_a_filter_are_looked_up() -> None:
    (step,) = planned("corona2", ids="DS1117-2086DA001,DS1117-2086DA002").steps
    assert step.ids == ("DS1117-2086DA001", "DS1117-2086DA002")


def test_a_residual_is_given_more_scenes_to_choose_from() -> None:
    (exact,), (coarse,) = planned().steps, planned(bbox="6,46,7,47").steps
    assert (exact.fetch_size(10, 1000), coarse.fetch_size(10, 1000), coarse.fetch_size(900, 1000)) == (10, 20, 1000)


def test_a_token_leads_back_to_where_it_stood() -> None:
    token = seal_cursor(Cursor(2, 4711), b"digest", KEY, 1000.0)
    assert open_cursor(token, b"digest", [OTHER, KEY], 1000.0 + LIFETIME) == Cursor(2, 4711)


@pytest.mark.parametrize("token", ["", "x", "garbage", "é", "A" * 64, "../../etc"])
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(BadCursor, match="not of this search"):
        open_cursor(token, b"digest", [KEY], 0)


def test_a_token_is_bound_to_its_search_its_key_and_its_day() -> None:
    token = seal_cursor(Cursor(0, 11), b"digest", KEY, 1000.0)
    for digest, key, now, told in (
        (b"another", KEY, 1000.0, "not of this search"),
        (b"digest", OTHER, 1000.0, "not of this search"),
        (b"digest", KEY, 1001.0 + LIFETIME, "24 hours"),
    ):
        with pytest.raises(BadCursor, match=told):
            open_cursor(token, digest, [key], now)
