"""Which dataset is asked what, and where a search goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stac_bridge.catalog import Entry
from stac_bridge.errors import BadCursor
from stac_bridge.m2m.filters import DayRange, GeoJson, Mbr, Or, Value
from stac_bridge.m2m.models.scenes import Dataset
from stac_bridge.mapping import load_mappings
from stac_bridge.search import Cursor, SortCursor, Step, make_step, open_cursor, parse, seal_cursor
from stac_bridge.search.paging.cursor import TOKEN_TIME_STEP, TOKEN_TTL
from stac_bridge.search.plan import pruning, resolve_filter
from tests.support import entry_of

STEPS = ["a", "b", "c"]
KEY, OTHER = b"k" * 32, b"o" * 32
ONE, TWO = "LC08_L2SP_047027_20201204_20210313_02_T1", "LC08_L2SP_047027_20201220_20210310_02_T1"


def step(dataset: str = "landsat_ot_c2_l2", **said: Any) -> Step:
    entry = entry_of(dataset)
    return make_step(resolve_filter(parse({"collections": dataset, **said}), [entry]), entry)


def test_whole_days_are_said_exactly() -> None:
    found = step(datetime="2020-12-01T00:00:00Z/2020-12-31T23:59:59Z")
    assert found.exact
    assert found.filter.acquisition == DayRange(start=date(2020, 12, 1), end=date(2020, 12, 31))


def test_an_instant_asks_for_its_day_and_is_not_exact() -> None:
    found = step(datetime="2020-12-04T19:02:11Z")
    assert not found.exact
    assert found.filter.acquisition == DayRange(start=date(2020, 12, 4), end=date(2020, 12, 4))


SRTM = Entry(
    Dataset.model_validate({"datasetAlias": "srtm_v3", "datasetId": "5e83a3ee1af480c5"}), load_mappings().of("srtm_v3")
)


@pytest.mark.parametrize(
    ("time", "matches"),
    [
        ("2000-02-11T00:00:00Z", True),
        ("2000-02-12T00:00:00Z/2000-02-20T00:00:00Z", True),
        ("2000-02-22T23:59:59Z/..", True),
        ("../2000-02-10T23:59:59Z", False),
        ("2000-02-23T00:00:00Z/2000-02-24T00:00:00Z", False),
    ],
)
def test_a_search_by_time_in_a_dataset_of_one_flight_is_decided_without_m2m(time: str, matches: bool) -> None:
    said = resolve_filter(parse({"collections": "srtm_v3", "datetime": time}), [SRTM])
    found = make_step(said, SRTM)
    assert found.exact
    assert found.filter.is_open if matches else found.filter.is_empty


def test_two_times_that_one_long_item_spans_do_not_make_an_empty_search() -> None:
    text = "\"m2m:month\" = 2 OR (start_datetime < DATE('2000-02-12') AND end_datetime > DATE('2000-02-20'))"
    for said in (text, f"\"m2m:resolution\" = 'x' OR ({text})"):
        assert make_step(resolve_filter(parse({"collections": "srtm_v3", "filter": said}), [SRTM]), SRTM).filter.is_open


def test_days_prune_the_datasets_that_m2m_can_filter_by_days_and_only_those() -> None:
    landsat, place = entry_of("landsat_ot_c2_l2"), Mbr.of(6, 46, 7, 47)
    days = DayRange(start=date(2000, 2, 12), end=date(2000, 2, 13))
    asked = parse({"bbox": "6,46,7,47", "datetime": "2000-02-12T00:00:00Z/2000-02-13T00:00:00Z"})
    found = pruning(resolve_filter(asked, [SRTM, landsat]), [SRTM, landsat])
    assert {tuple(one.datasets): (one.filter.acquisition, one.filter.spatial) for one in found} == {
        ("landsat_ot_c2_l2",): (days, place),
        ("srtm_v3",): (None, place),
    }


def test_a_filter_that_names_a_collection_prunes_by_each_collection_and_not_by_its_mapping() -> None:
    one, other = (replace(entry_of("corona2"), dataset=replace_alias(name)) for name in ("one", "other"))
    text = "collection = 'one' OR datetime > DATE('2020-01-01') OR start_datetime > DATE('2020-01-01')"
    (found,) = pruning(resolve_filter(parse({"filter": text}), [one, other]), [one, other])
    assert found.filter.acquisition is None


def replace_alias(name: str) -> Dataset:
    return entry_of("corona2").dataset.model_copy(update={"alias": name})


def test_open_intervals_are_open_on_one_side() -> None:
    found = step(datetime="2020-12-04T00:00:00Z/..")
    assert found.filter.acquisition == DayRange(start=date(2020, 12, 4), end=date.max)


def test_nothing_asked_is_everything_and_exact() -> None:
    found = step()
    assert found.exact
    assert found.filter.is_open


def test_a_box_is_an_mbr_and_never_exact() -> None:
    found = step(bbox="6,46,7,47")
    assert not found.exact
    assert found.filter.spatial == Mbr.of(6, 46, 7, 47)


def test_a_place_near_the_antimeridian_is_asked_for_on_both_sides_of_it() -> None:
    place = step(bbox="179,-18,-179,-16").filter.spatial
    assert isinstance(place, GeoJson)
    parts = sorted([ring[0][0][0], ring[0][2][0]] for ring in place.geometry["coordinates"])
    spans = sorted((min(pair), max(pair)) for pair in parts)
    assert spans == [(-181, -179), (179, 181)]


def test_any_other_geometry_is_sent_as_it_is() -> None:
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    place = step(intersects=triangle).filter.spatial
    assert isinstance(place, GeoJson)
    assert place.geometry["type"] == "Polygon"


def test_a_geometry_with_thousands_of_corners_is_asked_for_by_a_simpler_one_around_it() -> None:
    import shapely

    coast = shapely.Point(10, 45).buffer(3, quad_segs=2000)
    place = step(
        intersects=shapely.geometry.mapping(coast) | {"coordinates": [[list(p) for p in coast.exterior.coords]]}
    )
    assert isinstance(place.filter.spatial, GeoJson)
    around = shapely.geometry.shape(place.filter.spatial.geometry)
    assert shapely.get_num_coordinates(around) <= 300
    assert around.covers(coast)
    assert around.area < 1.2 * coast.area


def test_ids_are_asked_by_the_datasets_own_filter() -> None:
    found = step(ids=ONE)
    assert found.filter.metadata == Value(filter_id="5e83d14f567d0086", value=ONE, operand="=")
    assert found.ids == ()


def test_many_ids_are_one_question() -> None:
    tree = step(ids=f"{ONE},{TWO},{ONE}").filter.metadata
    assert isinstance(tree, Or)
    assert [child.value for child in tree.children if isinstance(child, Value)] == [ONE, TWO]


def test_ids_that_the_dataset_cannot_have_are_not_asked_for() -> None:
    assert step(ids="DS1117-2086DA001").filter.is_empty
    assert isinstance(step(ids=f"DS1117-2086DA001,{ONE}").filter.metadata, Value)


def test_ids_of_a_dataset_without_such_a_filter_are_looked_up() -> None:
    assert step("corona2", ids="DS1117-2086DA001,DS1117-2086DA002").ids == ("DS1117-2086DA001", "DS1117-2086DA002")


@pytest.mark.parametrize(
    "cursor",
    [Cursor(2, 4711), Cursor(0, 12, ("abcd", "efgh")), SortCursor(737000, 3, ("2020", None, 1.5, "id", "c"), 99)],
)
def test_a_token_leads_back_to_where_it_stood(cursor: Cursor | SortCursor) -> None:
    token = seal_cursor(cursor, STEPS, b"digest", KEY, 1000.0)
    assert open_cursor(token, STEPS, b"digest", [OTHER, KEY], 1000.0 + TOKEN_TTL) == cursor


def test_a_token_names_its_dataset_so_that_a_changed_list_does_not_move_it() -> None:
    token = seal_cursor(Cursor(1, 40), STEPS, b"digest", KEY, 1000.0)
    assert open_cursor(token, ["new", "b", "a"], b"digest", [KEY], 1000.0) == Cursor(1, 40)
    assert open_cursor(token, ["b"], b"digest", [KEY], 1000.0) == Cursor(0, 40)
    with pytest.raises(BadCursor, match="no longer searched"):
        open_cursor(token, ["a", "c"], b"digest", [KEY], 1000.0)
    assert len(token) < 140


@pytest.mark.parametrize("token", ["", "x", "garbage", "é", "A" * 64, "../../etc"])
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(BadCursor, match="not of this search"):
        open_cursor(token, STEPS, b"digest", [KEY], 0)


def test_a_page_that_is_asked_for_again_soon_has_the_same_token() -> None:
    first, again, later = (seal_cursor(Cursor(0, 11), STEPS, b"digest", KEY, now) for now in (1020.0, 1079.9, 1080.0))
    assert first == again != later


def test_a_token_is_bound_to_its_search_its_key_and_its_day() -> None:
    token = seal_cursor(Cursor(0, 11), STEPS, b"digest", KEY, 1000.0)
    for digest, key, now, told in (
        (b"another", KEY, 1000.0, "not of this search"),
        (b"digest", OTHER, 1000.0, "not of this search"),
        (b"digest", KEY, 1000.0 + TOKEN_TTL + TOKEN_TIME_STEP, "24 hours"),
    ):
        with pytest.raises(BadCursor, match=told):
            open_cursor(token, STEPS, digest, [key], now)
