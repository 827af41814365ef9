"""What a search requests from which dataset, and the tokens of its pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import shapely

from stac_bridge.catalog import Catalog, Entry
from stac_bridge.errors import BadCursor, BadRequest, NotFound
from stac_bridge.m2m.filters import DayRange, GeoJson, Mbr, Or, Value
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping import load_mappings
from stac_bridge.search import (
    Cursor,
    Plan,
    SortCursor,
    Step,
    make_plan,
    make_step,
    open_cursor,
    parse,
    prunings,
    resolve_collections,
    seal_cursor,
)
from stac_bridge.search.paging.cursor import TOKEN_TIME_STEP, TOKEN_TTL
from stac_bridge.search.plan import pruning, resolve_filter
from tests.support import entry_of

STEPS = ["a", "b", "c"]
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ID_1, ID_2 = "LC08_L2SP_047027_20201204_20210313_02_T1", "LC08_L2SP_047027_20201220_20210310_02_T1"

SRTM = Entry(
    Dataset.model_validate({"datasetAlias": "srtm_v3", "datasetId": "5e83a3ee1af480c5"}),
    load_mappings().for_dataset("srtm_v3"),
)
LANDSAT, CORONA = entry_of("landsat_ot_c2_l2"), entry_of("corona2")


def catalog(*entries: Entry) -> Catalog:
    """A catalog of these entries, with all unions that the mappings declare."""
    return Catalog({entry.dataset.alias: entry for entry in entries}, 0, load_mappings().unions)


def plan(likely: tuple[Entry, ...] = (), **params: Any) -> Plan:
    """The plan of a search in a catalog of three datasets."""
    search, datasets = parse(params), catalog(SRTM, LANDSAT, CORONA)
    return make_plan(resolve_collections(search, datasets, 100), datasets, likely, search.digest)


def step(dataset: str = "landsat_ot_c2_l2", **params: Any) -> Step:
    """What one dataset is searched for."""
    entry = entry_of(dataset)
    return make_step(resolve_filter(parse({"collections": dataset, **params}), [entry]), entry)


# -- plans ---------------------------------------------------------------------------------------------------


def test_a_plan_searches_the_named_collections_in_their_order() -> None:
    made = plan(collections="corona2,srtm_v3,corona2")
    assert made.step_names == ("corona2/corona2", "srtm_v3/srtm_v3")


def test_a_plan_of_a_union_searches_its_members_once_under_its_id() -> None:
    (union,) = (union for union in catalog(LANDSAT).unions.values() if LANDSAT.dataset.alias in union.union.datasets)
    assert plan(collections=f"{union.id},{union.id}").step_names == (f"{union.id}/landsat_ot_c2_l2",)


def test_a_plan_of_an_unknown_collection_is_not_found() -> None:
    with pytest.raises(NotFound, match="no collection 'nowhere'"):
        plan(collections="nowhere")


def test_a_plan_by_ids_searches_the_datasets_whose_ids_have_their_form() -> None:
    assert plan(ids=ID_1).step_names == ("landsat_ot_c2_l2/landsat_ot_c2_l2",)
    with pytest.raises(BadRequest, match="name collections, too"):
        plan(ids="?")


def test_a_plan_without_collections_searches_the_likely_ones_and_knows_the_properties_of_all() -> None:
    made = plan(likely=(CORONA,), bbox="6,46,7,47")
    assert made.entries == (CORONA,)
    assert "landsat:wrs_path" in made.queryables
    assert "landsat:wrs_path" not in plan(collections="corona2").queryables


def test_the_order_of_likely_collections_does_not_depend_on_what_was_learnt() -> None:
    filters = {"filter": "platform = 'landsat-8'"}
    forward = plan(likely=(CORONA, LANDSAT, SRTM), **filters)
    backward = plan(likely=(replace(SRTM, details=None), replace(LANDSAT, details=None), CORONA), **filters)
    assert forward.step_names == backward.step_names
    assert forward.step_names[0] == "landsat_ot_c2_l2/landsat_ot_c2_l2"


def test_a_plan_is_bound_to_the_search_as_it_was_sent() -> None:
    params = {"filter": "collection = 'corona2'"}
    made = plan(**params)
    assert made.search.collections == ("corona2",)
    assert made.digest == parse(params).digest


def test_a_plan_has_a_residual_and_an_order_only_if_the_search_has_a_filter_and_a_sort() -> None:
    bare = plan(collections="corona2")
    assert (bare.parts[0].step().residual, bare.order) == (None, None)
    made = plan(collections="corona2", bbox="6,46,7,47", sortby="-datetime")
    residual = made.parts[0].step().residual
    assert residual
    assert residual.names == {"geometry"}
    assert made.order
    assert made.order.names == {"datetime"}


def test_only_a_search_that_is_not_limited_asks_which_datasets_are_likely() -> None:
    datasets = catalog(SRTM, LANDSAT)
    assert prunings(parse({"collections": "srtm_v3", "bbox": "6,46,7,47"}), datasets) == []
    assert prunings(parse({"ids": ID_1}), datasets) == []
    assert {alias for one in prunings(parse({"bbox": "6,46,7,47"}), datasets) for alias in one.datasets} == {
        "srtm_v3",
        "landsat_ot_c2_l2",
    }


# -- steps ---------------------------------------------------------------------------------------------------


def test_whole_days_are_pushed_down_exactly() -> None:
    made = step(datetime="2020-12-01T00:00:00Z/2020-12-31T23:59:59Z")
    assert made.exact
    assert made.filter.acquisition == DayRange(start=date(2020, 12, 1), end=date(2020, 12, 31))


def test_an_instant_becomes_its_day_and_is_not_exact() -> None:
    made = step(datetime="2020-12-04T19:02:11Z")
    assert not made.exact
    assert made.filter.acquisition == DayRange(start=date(2020, 12, 4), end=date(2020, 12, 4))


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
    made = make_step(resolve_filter(parse({"collections": "srtm_v3", "datetime": time}), [SRTM]), SRTM)
    assert made.exact
    assert made.filter.is_open if matches else made.filter.is_empty


def test_two_times_that_one_long_item_spans_do_not_make_an_empty_search() -> None:
    text = "\"m2m:month\" = 2 OR (start_datetime < DATE('2000-02-12') AND end_datetime > DATE('2000-02-20'))"
    for filter_text in (text, f"\"m2m:resolution\" = 'x' OR ({text})"):
        assert make_step(
            resolve_filter(parse({"collections": "srtm_v3", "filter": filter_text}), [SRTM]), SRTM
        ).filter.is_open


def test_days_prune_the_datasets_that_m2m_can_filter_by_days_and_only_those() -> None:
    place = Mbr.of(5.999, 45.999, 7.001, 47.001)
    days = DayRange(start=date(2000, 2, 12), end=date(2000, 2, 13))
    search = parse({"bbox": "6,46,7,47", "datetime": "2000-02-12T00:00:00Z/2000-02-13T00:00:00Z"})
    result = pruning(resolve_filter(search, [SRTM, LANDSAT]), [SRTM, LANDSAT])
    assert {tuple(one.datasets): (one.filter.acquisition, one.filter.spatial) for one in result} == {
        ("landsat_ot_c2_l2",): (days, place),
        ("srtm_v3",): (None, place),
    }


def test_a_filter_that_names_collections_prunes_by_collection_and_not_by_mapping() -> None:
    entries = [replace(CORONA, dataset=CORONA.dataset.model_copy(update={"alias": name})) for name in ("one", "other")]
    text = "collection = 'one' OR datetime > DATE('2020-01-01') OR start_datetime > DATE('2020-01-01')"
    (result,) = pruning(resolve_filter(parse({"filter": text}), entries), entries)
    assert result.filter.acquisition is None


def test_open_intervals_are_open_on_one_side() -> None:
    made = step(datetime="2020-12-04T00:00:00Z/..")
    assert made.filter.acquisition == DayRange(start=date(2020, 12, 4), end=date.max)


def test_a_search_without_conditions_is_everything_and_exact() -> None:
    made = step()
    assert made.exact
    assert made.filter.is_open


def test_a_box_is_an_mbr_and_never_exact() -> None:
    made = step(bbox="6,46,7,47")
    assert not made.exact
    assert made.filter.spatial == Mbr.of(5.999, 45.999, 7.001, 47.001)


def test_a_place_near_the_antimeridian_is_requested_on_both_sides_of_it() -> None:
    place = step(bbox="179,-18,-179,-16").filter.spatial
    assert isinstance(place, GeoJson)
    bounds = sorted(part.bounds for part in shapely.geometry.shape(place.geometry).geoms)
    assert bounds == [(-181.001, -18.001, -178.999, -15.999), (178.999, -18.001, 181.001, -15.999)]


def test_any_other_geometry_is_sent_with_its_own_type() -> None:
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    place = step(intersects=triangle).filter.spatial
    assert isinstance(place, GeoJson)
    assert place.geometry["type"] == "Polygon"


def test_a_geometry_with_thousands_of_vertices_is_replaced_by_a_simpler_one_around_it() -> None:
    coast = shapely.Point(10, 45).buffer(3, quad_segs=2000)
    place = step(
        intersects=shapely.geometry.mapping(coast) | {"coordinates": [[list(p) for p in coast.exterior.coords]]}
    )
    assert isinstance(place.filter.spatial, GeoJson)
    cover = shapely.geometry.shape(place.filter.spatial.geometry)
    assert shapely.get_num_coordinates(cover) <= 300
    assert cover.covers(coast)
    assert cover.area < 1.2 * coast.area


def test_ids_are_pushed_down_to_the_datasets_own_filter() -> None:
    made = step(ids=ID_1)
    assert made.filter.metadata == Value(filter_id="5e83d14f567d0086", value=ID_1, operand="=")
    assert made.ids == ()


def test_many_ids_are_one_request() -> None:
    tree = step(ids=f"{ID_1},{ID_2},{ID_1}").filter.metadata
    assert isinstance(tree, Or)
    assert [child.value for child in tree.children if isinstance(child, Value)] == [ID_1, ID_2]


def test_ids_that_the_dataset_cannot_have_are_not_requested() -> None:
    assert step(ids="DS1117-2086DA001").filter.is_empty
    assert isinstance(step(ids=f"DS1117-2086DA001,{ID_1}").filter.metadata, Value)


def test_ids_of_a_dataset_without_such_a_filter_are_looked_up() -> None:
    assert step("corona2", ids="DS1117-2086DA001,DS1117-2086DA002").ids == ("DS1117-2086DA001", "DS1117-2086DA002")


@pytest.mark.parametrize(
    "cursor",
    [Cursor(2, 4711), Cursor(0, 12, ("abcd", "efgh")), SortCursor(737000, 3, ("2020", None, 1.5, "id", "c"), 99)],
)
def test_a_token_restores_its_cursor(cursor: Cursor | SortCursor) -> None:
    token = seal_cursor(cursor, STEPS, b"digest", KEY, 1000.0)
    assert open_cursor(token, STEPS, b"digest", [OTHER_KEY, KEY], 1000.0 + TOKEN_TTL) == cursor


def test_a_token_names_its_dataset_so_that_a_changed_list_does_not_move_it() -> None:
    token = seal_cursor(Cursor(1, 40), STEPS, b"digest", KEY, 1000.0)
    assert open_cursor(token, ["new", "b", "a"], b"digest", [KEY], 1000.0) == Cursor(1, 40)
    assert open_cursor(token, ["b"], b"digest", [KEY], 1000.0) == Cursor(0, 40)
    with pytest.raises(BadCursor, match="no longer searched"):
        open_cursor(token, ["a", "c"], b"digest", [KEY], 1000.0)
    assert len(token) < 140


@pytest.mark.parametrize("token", ["", "x", "garbage", "é", "A" * 64, "../../etc"])
def test_a_token_with_an_invalid_signature_is_refused(token: str) -> None:
    with pytest.raises(BadCursor, match="not of this search"):
        open_cursor(token, STEPS, b"digest", [KEY], 0)


def test_a_page_that_is_requested_again_within_a_minute_has_the_same_token() -> None:
    first, repeated, later = (
        seal_cursor(Cursor(0, 11), STEPS, b"digest", KEY, now) for now in (1020.0, 1079.9, 1080.0)
    )
    assert first == repeated != later


def test_a_token_is_bound_to_its_search_its_key_and_its_day() -> None:
    token = seal_cursor(Cursor(0, 11), STEPS, b"digest", KEY, 1000.0)
    for digest, key, now, message in (
        (b"another", KEY, 1000.0, "not of this search"),
        (b"digest", OTHER_KEY, 1000.0, "not of this search"),
        (b"digest", KEY, 1000.0 + TOKEN_TTL + TOKEN_TIME_STEP, "24 hours"),
    ):
        with pytest.raises(BadCursor, match=message):
            open_cursor(token, STEPS, digest, [key], now)
