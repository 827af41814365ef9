"""Extents of Collections: no scene lies outside, and what is closed is closed."""

from __future__ import annotations

from typing import Any

import pytest

from m2m_sandbox.archive.datasets import archive_of, dataset
from m2m_sandbox.archive.fact_sheets import sheets
from stac_bridge.catalog import Entry, build_catalog
from stac_bridge.m2m.models.datasets import Dataset, read_datasets
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from stac_bridge.translate.extent import spatial_extent, temporal_extent
from tests.recorded_m2m import recordings

MAPPINGS = load_mappings()
ARCHIVE_SPAN = '["1897-04-05 00:00:00-06","2020-06-30 00:00:00-05"]'


def entry(alias: str, **members: Any) -> Entry:
    record = Dataset.model_validate({"datasetAlias": alias, "datasetId": "1", **members})
    return Entry(record, MAPPINGS.for_dataset(alias))


def days(alias: str, **members: Any) -> tuple[str | None, str | None]:
    start, end = temporal_extent(entry(alias, **members))
    return start and start[:10], end and end[:10]


@pytest.mark.parametrize(
    ("name", "category", "start"),
    [
        ("200808_Hurricane_Ike", "2008 Events", "2008-08-01"),
        ("2007_Greece_Fires", "2007 Events", "2007-01-01"),
        ("DR_1711_KS_FLOOD", "2007 Events", "2007-01-01"),
        ("202412_Flood_LKA", None, "2024-12-01"),
        ("FDL_2020", None, None),
    ],
)
def test_an_event_starts_at_its_own_date_and_has_nothing_of_the_archives_span(
    name: str, category: str | None, start: str | None
) -> None:
    record = {"acquisitionStart": "0021-09-16", "temporalCoverage": ARCHIVE_SPAN, "sceneCount": 1270103}
    assert days("event303", collectionName=name, datasetCategoryName=category, **record) == (start, None)


def test_an_event_with_scenes_of_its_own_starts_at_the_first_of_them() -> None:
    coverage = '["2015-08-25 00:00:00-05","2021-03-02 00:00:00-06"]'
    assert days("event2984", collectionName="202102_Storm_PHL", temporalCoverage=coverage) == ("2015-08-25", None)


def test_an_event_without_a_date_starts_when_m2m_records_a_plausible_start() -> None:
    assert days("event1", collectionName="FDL_2020", acquisitionStart="2020-05-04") == ("2020-05-04", None)


@pytest.mark.parametrize(
    ("record", "end"),
    [
        # landsat_mss_c2_l1: the end of temporalCoverage is later than acquisitionEnd
        ({"acquisitionEnd": "1985-12-18", "temporalCoverage": '["1972-07-25","2013-01-07"]'}, "2013-01-07"),
        # the newest scene is no end
        ({"acquisitionEnd": None, "temporalCoverage": '["1999-05-28","2021-03-09"]'}, None),
        (
            {
                "collectionLongName": "Thematic Mapper Film Only: 1982-1988",
                "temporalCoverage": '["1982-08-17","1989-03-04"]',
            },
            "1989-03-04",
        ),
        ({"collectionLongName": "eMODIS NDVI: 2001-Present", "temporalCoverage": '["2001-08-17","2021-03-04"]'}, None),
        (
            {"collectionLongName": "Photos of EROS: 1972 - 2005", "temporalCoverage": '["1966-01-01","2021-01-05"]'},
            None,
        ),
        ({"collectionName": "MSS 1-5 (1972-1987)"}, "1987-12-31"),
        ({"collectionLongName": "Water Bodies: Published 2002"}, "2002-12-31"),
        ({"temporalCoverage": '["2000-02-11 00:00:00-06","2000-02-11 00:00:00-06"]'}, "2000-02-11"),
        # one day of a series
        ({"acquisitionStart": "2016-10-11", "acquisitionEnd": "2016-10-11"}, None),
    ],
)
def test_a_span_ends_only_if_the_record_shows_that_it_is_closed(record: dict[str, Any], end: str | None) -> None:
    assert days("some_dataset", **record)[1] == end


def test_a_start_of_1900_is_a_gap_in_the_record_if_there_is_another_start() -> None:
    coverage = '["1940-03-05","2000-02-04"]'
    assert days("some", acquisitionStart="1900-01-01", temporalCoverage=coverage)[0] == "1940-03-05"
    assert days("some", acquisitionStart="1900-01-01")[0] == "1900-01-01"


@pytest.mark.parametrize(
    ("alias", "span"),
    [
        ("srtm", ("2000-02-11", "2000-02-22")),
        ("srtm_v2", ("2000-02-11", "2000-02-22")),
        ("srtm_v3", ("2000-02-11", "2000-02-22")),
        ("srtm_v3_srtmgl1", ("2000-02-11", "2000-02-22")),
        ("landsat_tm_c2_l1", ("1982-08-22", "2012-05-05")),
        ("landsat_tm_c2_l2", ("1982-08-22", "2012-05-05")),
        ("landsat_mss_c2_l1", ("1972-07-25", "2013-01-07")),
        ("landsat_etm_c2_l1", ("1999-05-28", "2024-01-19")),
        ("landsat_etm_c2_l2", ("1999-05-28", "2024-01-19")),
        ("eo1_hyp_pub", ("2000-11-21", "2017-03-30")),
        ("noaa_cdr", ("1981-06-24", "2013-12-31")),
        ("mss_film", ("1972-07-25", "1992-12-31")),
        ("orbview3", (None, "2007-04-23")),
        ("landsat_etm_c1", (None, "2021-12-31")),
        ("lsr_landsat_tm_c1", (None, "2021-12-31")),
        ("eo1_ali_priv", ("2000-11-21", "2017-03-30")),
        ("landsat_ot_c2_l2", (None, None)),
    ],
)
def test_a_closed_set_has_the_span_of_its_mapping_even_if_m2m_records_none(
    alias: str, span: tuple[str | None, str | None]
) -> None:
    assert days(alias) == span


def test_a_curated_span_never_cuts_off_scenes_that_m2m_records() -> None:
    coverage = '["1972-07-23","2014-02-01"]'
    assert days("landsat_mss_c2_l1", temporalCoverage=coverage) == ("1972-07-23", "2014-02-01")


@pytest.mark.parametrize(
    ("bounds", "bbox"),
    [
        ((-180.01, -84.5, 180.01, 84.4), [-180.0, -84.5, 180.0, 84.4]),
        ((175.0, -20.0, 180.02221, -10.0), [175.0, -20.0, 180.0, -10.0]),
        ((-180.009966964847, -20.0, 175.0, -10.0), [-180.0, -20.0, 175.0, -10.0]),
        ((-182.88, -50.0, 183.27, 58.0), [-180.0, -50.0, 180.0, 58.0]),
        ((140.0, -50.0, 195.0, 58.0), [140.0, -50.0, -165.0, 58.0]),
    ],
)
def test_bounds_that_exceed_180_degrees_by_rounding_end_there(
    bounds: tuple[float, float, float, float], bbox: list[float]
) -> None:
    sides = dict(zip(("west", "south", "east", "north"), bounds, strict=True))
    assert spatial_extent(entry("some_dataset", spatialBounds=sides).dataset) == bbox


@pytest.mark.parametrize("alias", [name for name in sheets() if archive_of(name)])
def test_scenes_of_the_sandbox_are_within_the_extent_of_their_dataset(alias: str) -> None:
    one = Entry(Dataset.model_validate(dataset(alias)), MAPPINGS.for_dataset(alias))
    translator, archive = Translator(one), archive_of(alias)
    assert archive is not None
    start, end = temporal_extent(one)
    for index in (0, len(archive) // 3, len(archive) // 2, len(archive) - 1):
        times = translator.core(read_scene(archive.scene(index, full=True)))["properties"]
        assert start is not None
        assert start <= (times["datetime"] or times["end_datetime"])
        assert end is None or (times["datetime"] or times["start_datetime"]) <= end


def test_every_recorded_extent_contains_what_m2m_records_of_this_dataset_alone() -> None:
    entries = build_catalog(read_datasets(recordings().datasets), MAPPINGS, 0).entries.values()
    for one in entries:
        start, end = temporal_extent(one)
        first, newest = one.dataset.temporal_coverage or (None, None)
        is_event = one.mapping.collection.name_as == "event"
        assert not (start or "").startswith("1897"), one.id
        if is_event:
            assert start is not None, one.id
            assert end is None, one.id
        elif first and newest and not one.mapping.item.constant_span:
            assert start is not None, one.id
            assert start[:10] <= first[:10], one.id
            assert end is None or end[:10] >= newest[:10], one.id
