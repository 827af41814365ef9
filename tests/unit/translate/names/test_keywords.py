"""Keywords are the words that people search for, for every dataset."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.catalog import build_catalog
from stac_bridge.m2m.models.datasets import Dataset, read_datasets
from stac_bridge.mapping import load_mappings
from stac_bridge.translate.names import dataset_keywords, dataset_title
from tests.recorded_m2m import recordings

MAPPINGS = load_mappings()


def keywords(alias: str, **members: Any) -> list[str]:
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "1", **members})
    text = MAPPINGS.for_dataset(alias).collection
    return dataset_keywords(dataset, text, dataset_title(dataset, text))


@pytest.mark.parametrize("keyword", ["elevation", "height", "topography", "terrain"])
@pytest.mark.parametrize(
    "alias",
    [
        "srtm",
        "srtm_v2",
        "srtm_v3",
        "srtm_v3_srtmgl1",
        "gmted2010",
        "gtopo30",
        "topobathy",
        "nasadem_hgt",
        "gls2000_dem",
        "uas_dem",
    ],
)
def test_elevation_is_found_by_the_words_for_it(alias: str, keyword: str) -> None:
    assert keyword in keywords(alias)


@pytest.mark.parametrize("alias", ["corona2", "declassii", "declassiii"])
def test_declassified_film_is_found_as_pictures_of_spy_satellites(alias: str) -> None:
    assert {"spy satellite", "reconnaissance", "film"} <= set(keywords(alias))


@pytest.mark.parametrize("alias", ["naip", "napp", "nhap", "aerial_combin", "doq_qq", "high_res_ortho", "uas_ortho"])
def test_photographs_from_aircraft_are_found_as_aerial(alias: str) -> None:
    assert {"aerial photograph", "aerial imagery"} <= set(keywords(alias))


def test_an_event_is_found_by_the_kind_of_disaster() -> None:
    assert {"flood", "disaster"} <= set(keywords("event1", collectionName="202101_Flood_SWZ"))
    assert "wildfire" in keywords("event1", collectionName="202405_Fire_US")


def test_words_inside_other_words_imply_nothing() -> None:
    assert "radar" not in keywords("event1", collectionName="202405_Flood_Sarasota")
    assert "snow" not in keywords("some", collectionName="Snowden Archive")


def test_names_of_keyword_lists_are_no_keywords() -> None:
    raw = "GCMD Parameter Keywords,Photographs,ISO 19115 Topic Category,imageryBaseMapsEarthCover,010"
    assert keywords("some", keywords=raw) == ["Photographs", "USGS"]


def test_every_recorded_dataset_has_distinct_keywords() -> None:
    for entry in build_catalog(read_datasets(recordings().datasets), MAPPINGS, 0).entries.values():
        text = entry.mapping.collection
        words = dataset_keywords(entry.dataset, text, dataset_title(entry.dataset, text))
        assert len(words) >= 2, entry.id
        assert len({word.casefold() for word in words}) == len(words), entry.id
