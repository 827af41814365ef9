"""CQL2 → scene filters: a table of filters and payloads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping import Row, load_mappings
from stac_bridge.search.params.search import parse
from stac_bridge.search.plan import make_step, resolve_filter
from tests.support import entry_of
from tests.unit.search.pushdown.payloads import between, value

PATH, ROW, SATELLITE = "5e83d14fb9436d88", "5e83d14ff1eda1b8", "61af9273566bb9a8"
SENSOR, TIER, PRODUCT = "5e83d14fc6e09eb6", "5f6a6fb2137a3c00", "5e83d14f567d0086"
LANDSAT = "landsat_ot_c2_l2"


def cloud(low: int, high: int, unknown: bool = False) -> dict[str, Any]:
    return {"cloudCoverFilter": {"min": low, "max": high, "includeUnknown": unknown}}


def days(start: str, end: str) -> dict[str, Any]:
    return {"acquisitionFilter": {"start": start, "end": end}}


def tree(metadata: dict[str, Any]) -> dict[str, Any]:
    return {"metadataFilter": metadata}


FIRST, LAST = "0001-01-01", "9999-12-31"
EXACTLY: list[tuple[str, dict[str, Any]]] = [
    ("platform = 'landsat-8'", tree(value(SATELLITE, "8"))),
    ("CASEI(platform) = CASEI('LANDSAT-8')", tree(value(SATELLITE, "8"))),
    ("platform <> 'landsat-8'", tree(value(SATELLITE, "9"))),
    ("NOT platform = 'landsat-8'", tree(value(SATELLITE, "9"))),
    ("\"landsat:collection_category\" = 'T1'", tree(value(TIER, "T1"))),
    (
        "\"landsat:collection_category\" IN ('T1', 'T2')",
        tree({"filterType": "or", "childFilters": [value(TIER, "T1"), value(TIER, "T2")]}),
    ),
    ("\"landsat:wrs_path\" = '047'", tree(between(PATH, 47, 47))),
    ('"landsat:wrs_path" = 47', tree(between(PATH, 47, 47))),
    ('"landsat:wrs_path" >= 230', tree(between(PATH, 230, 999))),
    ('"landsat:wrs_path" < 3', tree(between(PATH, 0, 2))),
    (
        '"landsat:wrs_path" BETWEEN 40 AND 47',
        tree({"filterType": "and", "childFilters": [between(PATH, 40, 999), between(PATH, 0, 47)]}),
    ),
    (
        '"landsat:wrs_path" = 47 AND "landsat:wrs_row" = 27 AND platform = \'landsat-9\'',
        tree(
            {"filterType": "and", "childFilters": [between(PATH, 47, 47), between(ROW, 27, 27), value(SATELLITE, "9")]}
        ),
    ),
    (
        "A_CONTAINS(instruments, ('tirs'))",
        tree({"filterType": "or", "childFilters": [value(SENSOR, "OLI_TIRS"), value(SENSOR, "TIRS")]}),
    ),
    ('"eo:cloud_cover" <= 100', cloud(0, 100)),
    ('"eo:cloud_cover" IS NOT NULL', cloud(0, 100)),
    ("gsd = 30", {}),
    ("collection = 'landsat_ot_c2_l2'", {}),
    ("true", {}),
]
"""Filters that M2M can express exactly."""

COARSELY: list[tuple[str, dict[str, Any]]] = [
    ('"eo:cloud_cover" < 10', cloud(0, 11)),
    ('"eo:cloud_cover" >= 9.5', cloud(8, 100)),
    ('"eo:cloud_cover" = 44.79', cloud(43, 46)),
    ('NOT "eo:cloud_cover" < 10', cloud(9, 100)),
    ('"eo:cloud_cover" BETWEEN 10 AND 20', cloud(9, 21)),
    ('"eo:cloud_cover" < 10 OR "eo:cloud_cover" > 90', cloud(0, 100)),
    ('"eo:cloud_cover" IS NULL', {}),
    # A constant property is known for every scene, even if its cloud cover is not.
    ('NOT (gsd IS NULL AND "eo:cloud_cover" = 0)', {}),
    ("\"eo:cloud_cover\" < 10 OR platform = 'landsat-8'", {}),
    ('"m2m:month" IN (6, 7, 8)', {"seasonalFilter": [6, 7, 8]}),
    ('"m2m:month" > 10', {"seasonalFilter": [11, 12]}),
    ("datetime > TIMESTAMP('2020-12-04T12:00:00Z')", days("2020-12-04", LAST)),
    ("datetime < DATE('2020-12-04')", days(FIRST, "2020-12-04")),
    ("datetime = DATE('2020-12-04')", days("2020-12-04", "2020-12-04")),
    ("NOT datetime > TIMESTAMP('2020-12-04T12:00:00Z')", days(FIRST, "2020-12-04")),
    ("start_datetime > TIMESTAMP('2020-12-04T12:00:00Z')", days("2020-12-03", LAST)),
    ("T_DURING(datetime, INTERVAL('2020-12-01', '2020-12-04'))", days("2020-12-01", "2020-12-04")),
    ("T_AFTER(datetime, DATE('2020-12-04'))", days("2020-12-04", LAST)),
    ("T_BEFORE(TIMESTAMP('2020-12-04T12:00:00Z'), datetime)", days("2020-12-04", LAST)),
    ("T_DISJOINT(datetime, INTERVAL('2020-12-01', '2020-12-04'))", {}),
    ("NOT T_AFTER(datetime, DATE('2020-12-04'))", {}),
    ("id LIKE 'LC08\\_L2SP\\_047027%'", tree(value(PRODUCT, "LC08%L2SP%047027%", "like"))),
    ("id LIKE 'LC0_%'", tree(value(PRODUCT, "LC0%", "like"))),
    ("NOT id LIKE 'LC08%'", {}),
    ('"view:sun_elevation" > 30', {}),
    ('"eo:cloud_cover" + 1 < 10', {}),
    ('"eo:cloud_cover" < "landsat:cloud_cover_land"', {}),
    ("CASEI(title) = CASEI('LANDSAT-8')", {}),
    ("S_DISJOINT(geometry, BBOX(6, 46, 7, 47))", {}),
    ("\"landsat:collection_category\" <> 'T1'", {}),
]
"""Filters that M2M can express in part, or not at all."""

NOTHING = [
    "false",
    "gsd = 15",
    "gsd IS NULL",
    "collection = 'naip'",
    "platform = 'landsat-5'",
    '"eo:cloud_cover" < 0 AND "eo:cloud_cover" > 50',
    '"eo:cloud_cover" > 102',
    '"eo:cloud_cover" > 100',
    '"eo:cloud_cover" = -1',
    '"eo:cloud_cover" < 0',
    '"view:sun_elevation" > 90.5',
    '"view:off_nadir" = 91',
    '"view:sun_azimuth" >= 360.5',
    '"landsat:cloud_cover_land" = -2',
    '"m2m:month" = 13',
    '"m2m:month" = 1.5',
    "\"landsat:wrs_path\" = 'abc'",
    '"landsat:wrs_path" = 1000',
    '"landsat:wrs_path" = -1',
    "\"landsat:wrs_path\" IN ('abc', 'x')",
    "\"landsat:wrs_path\" > 'x'",
    "\"landsat:wrs_path\" < '0'",
    "\"landsat:wrs_path\" LIKE 'a%'",
    "\"landsat:wrs_path\" LIKE '____'",
    "\"landsat:collection_category\" = 'T9'",
    "\"landsat:collection_category\" LIKE 'X%'",
    "\"landsat:collection_number\" = 'two'",
    "\"landsat:correction\" = 'L1TP'",
    "\"landsat:wrs_type\" = '3'",
    "A_CONTAINS(instruments, ('msi'))",
    "A_OVERLAPS(instruments, ('msi', 'etm+'))",
    "published < TIMESTAMP('1700-01-01T00:00:00Z')",
    "\"proj:code\" = 'abc'",
    "\"proj:code\" LIKE 'EPSG:4%'",
    '"proj:epsg" = 4326',
    '"proj:epsg" = 32610.5',
    "platform = 'sentinel-2a'",
    "platform LIKE 'sentinel%'",
    "datetime > DATE('2021-01-01') AND datetime < DATE('2020-01-01')",
    "NOT (gsd = 30 OR platform = 'landsat-8')",
]
"""Filters that no Item can match, so that no request is sent."""


def compiled(text: str) -> tuple[dict[str, Any], bool, bool]:
    entry = entry_of(LANDSAT)
    step = make_step(resolve_filter(parse({"collections": LANDSAT, "filter": text}), [entry]), entry)
    return step.filter.payload(), step.exact, step.filter.is_empty


@pytest.mark.parametrize(("text", "payload"), EXACTLY, ids=[text for text, _payload in EXACTLY])
def test_a_filter_that_m2m_can_express_is_exact(text: str, payload: dict[str, Any]) -> None:
    assert compiled(text) == (payload, True, False)


@pytest.mark.parametrize(("text", "payload"), COARSELY, ids=[text for text, _payload in COARSELY])
def test_any_other_filter_is_as_narrow_as_loses_no_scene(text: str, payload: dict[str, Any]) -> None:
    assert compiled(text) == (payload, False, False)


@pytest.mark.parametrize("text", NOTHING)
def test_a_filter_that_nothing_can_match_is_not_sent(text: str) -> None:
    assert compiled(text)[2]


def test_of_two_places_the_smaller_is_sent_and_of_alternatives_their_union() -> None:
    both = compiled("S_INTERSECTS(geometry, BBOX(0, 40, 20, 60)) AND S_WITHIN(geometry, BBOX(6, 46, 7, 47))")[0]
    assert both["spatialFilter"]["lowerLeft"] == {"latitude": 45.999, "longitude": 5.999}
    either = compiled("S_INTERSECTS(geometry, BBOX(0, 0, 1, 1)) OR S_INTERSECTS(geometry, BBOX(5, 5, 6, 6))")[0]
    assert either["spatialFilter"]["geoJson"]["type"] == "MultiPolygon"


def test_days_that_do_not_overlap_may_both_be_spanned_by_a_scene_of_many_days() -> None:
    entry = entry_of("corona2")
    text = "end_datetime > DATE('1972-05-20') AND start_datetime < DATE('1970-01-05')"
    step = make_step(resolve_filter(parse({"collections": "corona2", "filter": text}), [entry]), entry)
    assert step.filter.payload() == days("1970-01-06", "1972-05-19")
    assert not step.filter.is_empty


def test_a_property_that_a_dataset_lacks_matches_only_is_null() -> None:
    entry = entry_of("corona2")
    for text, empty in (
        ("landsat:wrs_type = 'x'", True),
        ("landsat:wrs_type IS NULL", False),
        ("NOT landsat:wrs_type = 'x'", True),
    ):
        known = [entry_of(LANDSAT), entry]
        step = make_step(resolve_filter(parse({"collections": "corona2", "filter": text}), known), entry)
        assert step.filter.is_empty is empty, text


def test_a_dataset_without_cloud_cover_is_not_filtered_by_it() -> None:
    entry = entry_of("landsat_ot_c2_l2")
    entry = replace(entry, dataset=entry.dataset.model_copy(update={"supports_cloud_cover": False}))
    step = make_step(
        resolve_filter(parse({"collections": "landsat_ot_c2_l2", "filter": '"eo:cloud_cover" < 10'}), [entry]), entry
    )
    assert step.filter.is_open
    assert not step.exact


@pytest.mark.parametrize(
    ("condition", "is_sent"),
    [
        ('"eo:cloud_cover" < 10', False),
        ('"eo:cloud_cover" >= 0', False),
        ('"eo:cloud_cover" IS NULL', True),
        ('"eo:cloud_cover" < 10 OR "m2m:mission" = \'1021-1\'', True),
    ],
)
def test_the_cloud_cover_of_a_dataset_with_cloud_classes_is_unknown_without_a_request(
    condition: str, is_sent: bool
) -> None:
    entry = entry_of("corona2")
    step = make_step(resolve_filter(parse({"collections": "corona2", "filter": condition}), [entry]), entry)
    assert step.filter.is_empty is not is_sent
    assert step.filter.cloud is None


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ('"eo:cloud_cover" <= 100', True),
        ('NOT "eo:cloud_cover" < 10', True),
        ('"eo:cloud_cover" IS NOT NULL', True),
        ('"eo:cloud_cover" IS NULL', False),
        ('"eo:cloud_cover" < 10 OR "m2m:roll" = \'7\'', False),
    ],
)
def test_the_cloud_cover_of_a_dataset_with_classes_is_unknown(text: str, nothing: bool) -> None:
    dataset = Dataset.model_validate(
        {"datasetAlias": "aerial_combin", "datasetId": "5e83d8e4870f4473", "supportCloudCover": True}
    )
    entry = Entry(dataset, load_mappings().for_dataset("aerial_combin"))
    known = [entry_of(LANDSAT), entry]
    step = make_step(resolve_filter(parse({"collections": "aerial_combin", "filter": text}), known), entry)
    assert step.filter.is_empty is nothing
    assert step.filter.cloud is None


@pytest.mark.parametrize("like", ["LE07%", "LT04_%", "LT08\\_L1%", "x%"])
def test_a_pattern_that_no_id_of_the_dataset_can_match_is_not_sent(like: str) -> None:
    assert compiled(f"id LIKE '{like}'")[2]


@pytest.mark.parametrize("like", ["LC08%", "L%", "%T1", "_C08%", "LT08\\_L2SP\\_%"])
def test_a_pattern_that_an_id_may_match_is_sent(like: str) -> None:
    assert not compiled(f"id LIKE '{like}'")[2]


@pytest.mark.parametrize(
    ("converter", "payload"),
    [
        ("azimuth", {}),
        ("off-nadir", {}),
        ("month", {}),
        ("elevation", tree(between(PATH, 9, 11))),
        ("number", tree(between(PATH, 9, 11))),
        ("integer", tree(between(PATH, 10, 10))),
    ],
)
def test_a_range_is_pushed_down_only_if_the_converter_keeps_the_numbers_of_m2m(
    converter: str, payload: dict[str, Any]
) -> None:
    entry = entry_of(LANDSAT)
    row = Row.model_validate({"field": "Angle", "as": converter, "filter": {"between": "WRS Path"}})
    entry = replace(entry, mapping=entry.mapping.model_copy(update={"properties": {"angle": row}}))
    step = make_step(resolve_filter(parse({"collections": LANDSAT, "filter": "angle = 10"}), [entry]), entry)
    assert step.filter.payload() == payload
