"""A title says in words what a dataset is, for every dataset that M2M has ever been seen to list."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from stac_bridge.catalog import build_catalog
from stac_bridge.m2m.models.datasets import Dataset, read_datasets
from stac_bridge.mapping import load_mappings
from stac_bridge.translate.names import dataset_title
from stac_bridge.translate.names.dataset import is_readable
from tests.recorded_m2m import recordings
from tests.recorded_m2m.recordings import PART
from tests.support import SHARED

MAPPINGS = load_mappings()
LISTS = (SHARED / "m2m" if SHARED.is_dir() else PART) / "recorded" / "partial"


def title(alias: str = "some", **members: Any) -> str:
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "1", **members})
    return dataset_title(dataset, MAPPINGS.for_dataset(alias).collection)


def in_words(text: str) -> bool:
    """Whether a title has an ordinary word, and no alias in small letters."""
    return is_readable(text) and not re.search(r"[a-z]_|_[a-z]", text)


def listed(year_and_month: str) -> dict[str, list[str]]:
    path = LISTS / f"dataset-aliases__all__{year_and_month}.json"
    if not path.is_file():
        pytest.skip(f"{path.name} is not recorded in this clone")
    lists: dict[str, list[str]] = orjson.loads(path.read_bytes())
    return lists


@pytest.mark.parametrize(
    ("name", "long_name", "expected"),
    [
        ("NAPP", "NAPP = National Aerial Photography Program 1:40,000 Scale: 1987 - 2007", None),
        ("ECO2CLD", "ECOSTRESS Cloud Mask Daily L2 Global 70m V001", "ECOSTRESS Cloud Mask Daily L2 Global 70m V001"),
        ("ECO2CLD", None, "ECOSTRESS Level-2 Cloud Mask (ECO2CLD)"),
        ("ECO2CLD", "ECO2CLD", "ECOSTRESS Level-2 Cloud Mask (ECO2CLD)"),
        ("NAPP", None, "National Aerial Photography Program (NAPP)"),
        ("SLAR", "SLAR = USGS Side Looking Airborne Radar Mosaics: 1981 - 1990", None),
        ("LPCS - MODIS MOD09A1", "LPCS - MODIS MOD09A1", "MODIS/Terra Surface Reflectance (MOD09A1)"),
        ("VIIRS VNP21A1D", None, "VIIRS/Suomi NPP Land Surface Temperature and Emissivity (VNP21A1D)"),
        ("Libya 1", "Calibration Validation Reference Sites - Libya 1", None),
        ("Libya 1", None, "Libya 1"),
        ("DOQ", None, "Digital Orthophoto Quadrangle (DOQ)"),
        (
            *("CCDC V1.1 (CONUS)", None),
            "Continuous Change Detection and Classification (CCDC) Version 1.1 (Conterminous United States)",
        ),
        (
            *("SPOT CIB-10", None),
            "Satellite for Observation of the Earth (SPOT) Controlled Image Base at 10 m (CIB-10)",
        ),
    ],
)
def test_a_title_is_the_long_name_or_the_expanded_code(name: str, long_name: str | None, expected: str | None) -> None:
    without_code = (long_name or "").rpartition(" = ")[2]
    assert title(collectionName=name, collectionLongName=long_name) == (expected or without_code)


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("ecostress_eco2cld", "ECOSTRESS Level-2 Cloud Mask (ECO2CLD)"),
        ("modis_mcd43d01_v61", "MODIS/Terra and Aqua Bidirectional Reflectance and Albedo (MCD43D01) Version 6.1"),
        ("mss_film", "Landsat 1-5 MSS Film Only"),
        ("tm_film", "Thematic Mapper Film"),
        ("napp", "National Aerial Photography Program"),
        ("noaa_cdr", "NOAA Climate Data Record (CDR) of Normalized Difference Vegetation Index (NDVI)"),
        ("orbview3", "OrbView-3"),
        ("srtm_v2", "SRTM Void Filled"),
        ("gls2000_dem", "Global Land Survey 2000 Digital Elevation Model"),
        ("tri_dec", "Tri Decadal"),
        ("isro_resourcesat", "Indian Space Research Organisation Resourcesat"),
        ("modis_mod10a1_v61", "MODIS/Terra Snow Cover (MOD10A1) Version 6.1"),
    ],
)
def test_an_alias_alone_makes_a_title(alias: str, expected: str) -> None:
    assert title(alias) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("200808_Hurricane_Ike", "Hurricane Ike, August 2008"),
        ("202101_Flood_SWZ", "Flood, Eswatini, January 2021"),
        ("201604_Flood_Southern_US", "Flood Southern United States, April 2016"),
        ("201308_Fires_OR", "Fires, Oregon, August 2013"),
        ("2007_Greece_Fires", "Greece Fires, 2007"),
        ("DR_1711_KS_FLOOD", "Disaster Declaration 1711, Kansas Flood"),
        ("201207_DNC", "Democratic National Convention, July 2012"),
        ("201207_XQZ", "Event XQZ, July 2012"),
        ("201707_SAR_Mt_Shasta", "Search and Rescue Mt Shasta, July 2017"),
        ("201605_Oilspill_GOM", "Oil Spill, Gulf of Mexico, May 2016"),
        ("201606_Airplane_F16_GA", "Airplane F16, Georgia, June 2016"),
        ("Mississippi_Valley_Flood_Mar08", "Mississippi Valley Flood, March 2008"),
    ],
)
def test_an_event_is_named_in_words_with_its_place_and_month(name: str, expected: str) -> None:
    assert title("event1", collectionName=name, collectionLongName=name) == expected


def test_a_code_of_which_nothing_is_known_stands_beside_what_the_dataset_is() -> None:
    assert title("qx7", collectionName="QX7", datasetCategoryName="Landsat Legacy") == "Landsat Legacy (QX7)"
    assert title("qx7", collectionName="QX7") == "Dataset QX7"


def test_every_recorded_dataset_has_a_title_in_words() -> None:
    entries = build_catalog(read_datasets(recordings().datasets), MAPPINGS, 0).entries.values()
    titles = {entry.id: dataset_title(entry.dataset, entry.mapping.collection) for entry in entries}
    assert {alias: text for alias, text in titles.items() if not in_words(text)} == {}


def test_every_listed_alias_makes_a_title_in_words() -> None:
    titles = {alias: title(alias) for alias in listed("202406")["aliases"]}
    assert {alias: text for alias, text in titles.items() if not in_words(text)} == {}


def test_every_listed_name_makes_a_title_in_words() -> None:
    names = [line.removeprefix("N/A - ") for line in listed("202412")["lines"]]
    titles = {name: title("event1" if "_" in name else "some", collectionName=name) for name in names}
    assert {name: text for name, text in titles.items() if not in_words(text)} == {}
