"""Filters of a dataset without a mapping, whose labels and keys differ from the fields of its scenes in odd ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.recorded_m2m import RecordedM2M, recordings
from tests.support import Here, running

Json = dict[str, Any]
NAME = "calval_reference_sites"


def dataset_filter(ident: str, label: str, sql: str, values: Json | None = None) -> Json:
    config = {"type": "Select" if values else "Text", "filters": [], "options": [], "validators": []}
    listed = {"valueList": {"": "All", **values}} if values else {}
    return {"id": ident, "fieldLabel": label, "searchSql": sql, "fieldConfig": config, **listed}


FILTERS = [
    dataset_filter("a1", "Image Quality", "IMAGE_QUALITY = ?", {"9": "Best = 9", "0": "Worst = 0"}),
    dataset_filter("a2", "Sun Elevation", "SUN = ?", {"L": "Low", "H": "High"}),
    dataset_filter("a3", "Sensor", "SENSOR = ?", {"L8": "Landsat 8 OLI", "L7": "landsat 7 ETM+"}),
    dataset_filter("a4", "Site Name (Like %)", "SITE like ?"),
    dataset_filter("a5", "Acquisition Date (YYYY/MM/DD)", "ACQUIRED between ?"),
    dataset_filter("a6", "Number of Bands", "BANDS <= ?", {"3": "3 or less", "4": "4 or less"}),
]
SCENES = [
    {
        "Image Quality": "9",
        "Sun Elevation": "45",
        "Sensor": "Landsat 7 ETM+",
        "Site Name": "Dome C",
        "Acquisition Date": "1968/05/01",
        "Number of Bands": "3",
        "Path": " 028",
        "Cloud Cover": "10%",
    },
    {
        "Image Quality": "Best = 9",
        "Sun Elevation": "Low",
        "Sensor": "Terra",
        "Site Name": "50%_O'Neill &amp; Co",
        "Acquisition Date": "1968/05/02",
        "Number of Bands": 4,
        "Path": "N/A",
        "Cloud Cover": "2",
    },
]


def scene(number: int, fields: Json) -> Json:
    day = f"{fields['Acquisition Date'].replace('/', '-')} 00:00:00-05"
    ring = [[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]
    return {
        "entityId": f"S{number}",
        "displayId": f"S{number}",
        "browse": [],
        "cloudCover": None,
        "metadata": [{"fieldName": label, "value": value} for label, value in fields.items()],
        "options": {"download": True},
        "spatialCoverage": {"type": "Polygon", "coordinates": [ring]},
        "temporalCoverage": {"startDate": day, "endDate": day},
        "publishDate": "Unknown",
    }


def m2m() -> RecordedM2M:
    known = recordings()
    some = next(one for one in known.datasets if one["datasetAlias"] == "gls_all")
    record = {**some, "datasetAlias": NAME, "datasetId": "5e83d8e4870f4473", "catalogs": ["EE"]}
    scenes = {NAME: [scene(number, fields) for number, fields in enumerate(SCENES, 1)]}
    return RecordedM2M(replace(known, datasets=[record], filters={NAME: FILTERS}, scenes=scenes))


async def ids(here: Here, name: str, op: str, value: Any) -> list[str]:
    condition = {"op": op, "args": [{"property": name}, value]}
    body = {"collections": [NAME], "filter": condition, "filter-lang": "cql2-json"}
    page = (await here.post("/search", body)).raise_for_status().json()
    return [item["id"] for item in page["features"]]


async def cold(here: Here) -> None:
    """Nothing is known of the dataset's filters."""


async def warm(here: Here) -> None:
    (await here.get(f"/collections/{NAME}/queryables")).raise_for_status()


@pytest.mark.parametrize("prepare", [cold, warm])
@pytest.mark.parametrize(
    ("name", "op", "value", "found"),
    [
        ("m2m:image_quality", "=", 9, ["S2", "S1"]),
        ("m2m:image_quality", "=", "Best = 9", ["S2", "S1"]),
        ("m2m:sun_elevation", "=", "low", ["S2"]),
        ("m2m:sun_elevation", ">=", 45, ["S1"]),
        ("m2m:sun_elevation", "=", "no key", []),
        ("m2m:sensor", "=", "Landsat 7 ETM+", ["S1"]),
        ("m2m:sensor", "=", "L7", ["S1"]),
        ("m2m:sensor", "=", "Terra", ["S2"]),
        ("m2m:site_name_like", "=", "Dome C", ["S1"]),
        ("m2m:acquisition_date_yyyy_mm_dd", "=", "1968-05-02", ["S2"]),
        ("m2m:number_of_bands", "<=", "4 or less", ["S2", "S1"]),
        ("m2m:number_of_bands", "<", 4, ["S1"]),
    ],
)
async def test_a_key_a_text_and_a_value_of_an_item_find_the_same_cold_and_warm(
    tmp_path: Path, prepare: Callable[[Here], Any], name: str, op: str, value: Any, found: list[str]
) -> None:
    async with running(tmp_path, m2m().transport) as here:
        await prepare(here)
        assert sorted(await ids(here, name, op, value)) == sorted(found)


@pytest.mark.parametrize("prepare", [cold, warm])
async def test_an_item_is_found_by_each_of_its_fields(tmp_path: Path, prepare: Callable[[Here], Any]) -> None:
    async with running(tmp_path, m2m().transport) as here:
        await prepare(here)
        items = (await here.get("/search", collections=NAME)).raise_for_status().json()["features"]
        assert len(items) == len(SCENES)
        for item in items:
            fields = {name: value for name, value in item["properties"].items() if name.startswith("m2m:")}
            for name, value in fields.items():
                assert item["id"] in await ids(here, name, "=", value), name
