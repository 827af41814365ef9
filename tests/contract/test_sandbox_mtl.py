"""The sandbox's metadata files (MTL) have the groups, keywords and forms of values of USGS's own.

Each real file is compared with the sandbox's file of a scene with the same sensor, levels, place and time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import orjson
import pytest
import rasterio

from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.landsat.ard import tiles
from m2m_sandbox.archive.landsat.families import FAMILIES
from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
from m2m_sandbox.files.landsat_metadata import mtl_json, mtl_text, mtl_xml
from m2m_sandbox.files.products import landsat_file, landsat_files
from m2m_sandbox.pixels.tiff import Tiff
from tests.support import SHARED, needs_shared

LANDSAT = SHARED / "stac" / "landsat"
REAL = sorted([*LANDSAT.glob("*_MTL.xml"), *LANDSAT.glob("*_MTL.json")])
DATASETS = {"LC_2": "landsat_ot_c2_l2", "LE_2": "landsat_etm_c2_l2", "LT_2": "landsat_tm_c2_l2"}
DATASETS |= {"LM_1": "landsat_mss_c2_l1"}
FORMS = {
    "date": r"\d{4}-\d\d-\d\d",
    "date and time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "time": r"\d\d:\d\d:\d\d\.\d{7}Z",
    "integer": r"-?\d+",
}
Mtl = dict[str, dict[str, str]]


def read_xml(text: str) -> Mtl:
    return {group.tag: {leaf.tag: leaf.text or "" for leaf in group} for group in ElementTree.fromstring(text)}


def read_json(text: str) -> Mtl:
    mtl: Mtl = orjson.loads(text)["LANDSAT_METADATA_FILE"]
    return mtl


def read_text(text: str) -> Mtl:
    """Read the text form as GDAL and others do: groups of ``name = value``, in which text is in quotation marks."""
    mtl: Mtl = {}
    open_groups: list[str] = []
    for name, _, value in (line.strip().partition(" = ") for line in text.splitlines()):
        if name == "GROUP":
            open_groups.append(value)
        elif name == "END_GROUP":
            assert open_groups.pop() == value
        elif name != "END":
            mtl.setdefault(open_groups[-1], {})[name] = value.strip('"')
    assert open_groups == []
    return mtl


def read(path: Path) -> Mtl:
    return (read_json if path.suffix == ".json" else read_xml)(path.read_text())


def form_of(value: str) -> str:
    """The form of a value: a date, a time, an integer, a number with so many decimals, or text."""
    for form, pattern in FORMS.items():
        if re.fullmatch(pattern, value):
            return form
    number = re.fullmatch(r"-?\d+\.(\d+)(E[-+]\d\d|e-\d\d)?", value)
    return f"{len(number[1])} decimals{(number[2] or '')[:1]}" if number else "text"


def shape_of(mtl: Mtl) -> dict[str, str]:
    return {f"{group} {name}": form_of(value) for group, values in mtl.items() for name, value in values.items()}


def facts_like(real: Mtl) -> SceneFacts:
    """A scene of the sandbox with the sensor, levels, place and time of a real product."""
    contents, image = real["PRODUCT_CONTENTS"], real["IMAGE_ATTRIBUTES"]
    product, level = contents["LANDSAT_PRODUCT_ID"], contents["PROCESSING_LEVEL"]
    family = FAMILIES[DATASETS[f"{product[:2]}_{level[1]}"]]
    middle = datetime.fromisoformat(f"{image['DATE_ACQUIRED']}T{image['SCENE_CENTER_TIME'][:15]}").replace(tzinfo=UTC)
    place, cloud = (int(image["WRS_PATH"]), int(image["WRS_ROW"])), round(100 * float(image["CLOUD_COVER"]))
    level_1 = real["LEVEL1_PROCESSING_RECORD"]["LANDSAT_PRODUCT_ID"].split("_")[1]
    wanted = contents["COLLECTION_CATEGORY"], level, level_1, image["SENSOR_ID"]
    for bits in range(2**20, 2**20 + 2**14):
        facts = SceneFacts(*place, int(product[2:4]), middle, cloud, bits, family)
        if (facts.tier, facts.level, facts.level1_id.split("_")[1], facts.sensor) == wanted:
            return facts
    raise AssertionError(wanted)


@needs_shared
@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.stem}{path.suffix}")
def test_a_metadata_file_has_the_keywords_and_forms_of_the_real_one(path: Path) -> None:
    real = read(path)
    facts = facts_like(real)
    ours = read_json(mtl_json(facts)) if path.suffix == ".json" else read_xml(mtl_xml(facts))
    assert list(ours) == list(real)
    assert {name: list(values) for name, values in ours.items()} == {
        name: list(values) for name, values in real.items()
    }
    assert shape_of(ours) == shape_of(real)


@needs_shared
@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.stem}{path.suffix}")
def test_constants_of_the_sensor_are_those_of_the_real_file(path: Path) -> None:
    """Not those of the Level-1 numbers of eight bits: the sandbox draws all its bands on one scale."""
    real = read(path)
    facts = facts_like(real)
    ours = read_xml(mtl_xml(facts))
    for group in ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS"):
        assert ours.get(group) == real.get(group)
    assert ours.get("LEVEL1_THERMAL_CONSTANTS") == real.get("LEVEL1_THERMAL_CONSTANTS")
    assert ours["LEVEL1_MIN_MAX_PIXEL_VALUE"] == real["LEVEL1_MIN_MAX_PIXEL_VALUE"]
    for group, names in {
        "PRODUCT_CONTENTS": ("DIGITAL_OBJECT_IDENTIFIER", "PROCESSING_LEVEL", "COLLECTION_CATEGORY", "OUTPUT_FORMAT"),
        "IMAGE_ATTRIBUTES": ("SPACECRAFT_ID", "SENSOR_ID", "WRS_TYPE", "WRS_PATH", "WRS_ROW", "DATE_ACQUIRED"),
        "PROJECTION_ATTRIBUTES": ("MAP_PROJECTION", "DATUM", "ELLIPSOID", "ORIENTATION"),
        "LEVEL1_PROCESSING_RECORD": ("DIGITAL_OBJECT_IDENTIFIER", "PROCESSING_LEVEL"),
    }.items():
        assert {name: ours[group][name] for name in names} == {name: real[group][name] for name in names}
    distance = "EARTH_SUN_DISTANCE"
    assert float(ours["IMAGE_ATTRIBUTES"][distance]) == pytest.approx(
        float(real["IMAGE_ATTRIBUTES"][distance]), abs=1e-4
    )
    if facts.sensor.startswith("OLI"):
        for group in ("LEVEL1_MIN_MAX_RADIANCE", "LEVEL1_MIN_MAX_REFLECTANCE", "LEVEL1_RADIOMETRIC_RESCALING"):
            for name, value in real[group].items():
                assert float(ours[group][name]) == pytest.approx(float(value), rel=5e-4), name


def scenes(count: int = 12) -> Iterator[SceneFacts]:
    """Scenes of each family, spread over its archive, and tiles."""
    for name in FAMILIES:
        archive = landsat(name)
        yield from (archive.facts(number) for number in range(0, len(archive), len(archive) // count))
    archive = tiles()  # type: ignore[assignment]
    yield from (archive.facts(number) for number in range(0, len(archive), len(archive) // count))


def test_a_metadata_file_lists_exactly_the_files_of_its_product_with_their_types() -> None:
    for facts in scenes():
        contents = read_xml(mtl_xml(facts))["PRODUCT_CONTENTS"]
        listed = {name: value for name, value in contents.items() if name.startswith("FILE_NAME_")}
        others = ("_stac.json", ".jpeg")
        files = {f"{facts.display_id}_{ending}" for ending in landsat_files(facts) if not ending.endswith(others)}
        assert set(listed.values()) == files, facts.display_id
        assert len(listed) == len(files), facts.display_id
        for name, value in listed.items():
            content = landsat_file(facts, value.removeprefix(f"{facts.display_id}_"))
            kind = contents.get(f"DATA_TYPE_{name.removeprefix('FILE_NAME_')}")
            assert kind == (content.shape.dtype.name.upper() if isinstance(content, Tiff) else None), value


def test_a_metadata_file_has_the_grid_of_its_files() -> None:
    for facts in scenes(4):
        values = read_xml(mtl_xml(facts))["PROJECTION_ATTRIBUTES"]
        bands = [name for name in landsat_files(facts) if re.search(r"B\d+(_VCID_\d)?\.TIF$", name)]
        for name in bands:
            shape = landsat_file(facts, name).shape  # type: ignore[attr-defined]
            word = "PANCHROMATIC" if name == "B8.TIF" else "REFLECTIVE"
            size = float(values[f"GRID_CELL_SIZE_{word}"])
            first = [float(values[f"CORNER_UL_PROJECTION_{axis}_PRODUCT"]) for axis in "XY"]
            assert (int(values[f"{word}_SAMPLES"]), int(values[f"{word}_LINES"])) == shape.size, name
            assert (size, first[0] - size / 2, first[1] + size / 2) == (shape.pixel, *shape.corner), name
            last = first[0] + size * (shape.size[0] - 1), first[1] - size * (shape.size[1] - 1)
            assert last == tuple(float(values[f"CORNER_LR_PROJECTION_{axis}_PRODUCT"]) for axis in "XY"), name


def test_a_metadata_file_has_the_values_that_m2m_lists_of_its_scene() -> None:
    same = {
        "Landsat Product Identifier L1": ("LEVEL1_PROCESSING_RECORD", "LANDSAT_PRODUCT_ID"),
        "Landsat Product Identifier L2": ("LEVEL2_PROCESSING_RECORD", "LANDSAT_PRODUCT_ID"),
        "Landsat Scene Identifier": ("LEVEL1_PROCESSING_RECORD", "LANDSAT_SCENE_ID"),
        "Station Identifier": ("IMAGE_ATTRIBUTES", "STATION_ID"),
        "Scene Cloud Cover L1": ("IMAGE_ATTRIBUTES", "CLOUD_COVER"),
        "Land Cloud Cover": ("IMAGE_ATTRIBUTES", "CLOUD_COVER_LAND"),
        "Sun Elevation L0RA": ("IMAGE_ATTRIBUTES", "SUN_ELEVATION"),
        "Sun Azimuth L0RA": ("IMAGE_ATTRIBUTES", "SUN_AZIMUTH"),
        "Sun Elevation L1": ("IMAGE_ATTRIBUTES", "SUN_ELEVATION"),
        "Sun Azimuth L1": ("IMAGE_ATTRIBUTES", "SUN_AZIMUTH"),
        "Roll Angle": ("IMAGE_ATTRIBUTES", "ROLL_ANGLE"),
        "Scan Line Corrector": ("IMAGE_ATTRIBUTES", "SENSOR_MODE_SLC"),
        "Collection Category": ("PRODUCT_CONTENTS", "COLLECTION_CATEGORY"),
        "Processing Software Version": ("LEVEL1_PROCESSING_RECORD", "PROCESSING_SOFTWARE_VERSION"),
        "Product Map Projection L1": ("LEVEL1_PROJECTION_PARAMETERS", "MAP_PROJECTION"),
        "Gain Band 6L": ("PRODUCT_PARAMETERS", "GAIN_BAND_6_VCID_1"),
        "Gain Band 4": ("PRODUCT_PARAMETERS", "GAIN_BAND_4"),
        "Corner Upper Left Latitude": ("PROJECTION_ATTRIBUTES", "CORNER_UL_LAT_PRODUCT"),
        "Corner Lower Right Longitude": ("PROJECTION_ATTRIBUTES", "CORNER_LR_LON_PRODUCT"),
    }
    for facts in (facts for facts in scenes() if not facts.family.tiled):
        archive: Any = archive_of(facts.dataset)
        scene = archive.scene(archive.find(facts.display_id), full=True)
        fields = {row["fieldName"]: row["value"] for row in scene["metadata"]}
        mtl = read_text(mtl_text(facts))
        for label, (group, name) in same.items():
            if label in fields:
                assert mtl[group][name] == str(fields[label]), (facts.display_id, label)
        assert mtl["IMAGE_ATTRIBUTES"]["WRS_PATH"].zfill(3) == fields["WRS Path"].strip()
        assert mtl["IMAGE_ATTRIBUTES"]["DATE_ACQUIRED"] == fields["Date Acquired"].replace("/", "-")


def test_the_three_forms_of_a_metadata_file_have_the_same_values() -> None:
    for facts in scenes(3):
        assert read_text(mtl_text(facts)) == read_xml(mtl_xml(facts)) == read_json(mtl_json(facts))


def test_in_the_text_form_numbers_and_dates_are_bare_and_all_else_is_quoted() -> None:
    lines = [line.strip() for facts in scenes(3) for line in mtl_text(facts).splitlines() if " = " in line]
    for name, _, value in (line.partition(" = ") for line in lines):
        if name not in ("GROUP", "END_GROUP"):
            is_text = form_of(value.strip('"')) in ("text", "time")
            assert value.startswith('"') == value.endswith('"') == is_text, (name, value)


@pytest.mark.long
@pytest.mark.parametrize("name", ["landsat_ot_c2_l1", "landsat_etm_c2_l1", "landsat_tm_c2_l1"])
def test_the_numbers_of_a_band_become_reflectance_and_temperature_by_its_metadata_file(
    name: str, tmp_path: Path
) -> None:
    archive = landsat(name)
    sample = (archive.facts(number) for number in range(0, len(archive), len(archive) // 400))
    facts = next(
        facts for facts in sample if facts.sensor != "OLI" and facts.sun[0] > 30 and (facts.cloud or 9999) < 900
    )
    mtl = read_text(mtl_text(facts))
    scaling, constants = mtl["LEVEL1_RADIOMETRIC_RESCALING"], mtl["LEVEL1_THERMAL_CONSTANTS"]
    red = next(band for band in ("4", "3") if (band == "4") == facts.sensor.startswith("OLI"))
    number = median_of(facts, f"B{red}", tmp_path)
    reflectance = number * float(scaling[f"REFLECTANCE_MULT_BAND_{red}"]) + float(
        scaling[f"REFLECTANCE_ADD_BAND_{red}"]
    )
    surface = median_of(replace(facts, family=FAMILIES[name.replace("_l1", "_l2")]), f"SR_B{red}", tmp_path)
    assert reflectance == pytest.approx((surface * 2.75e-5 - 0.2) * np.sin(np.radians(facts.sun[0])), abs=0.08)
    thermal = next(iter(constants)).removeprefix("K1_CONSTANT_BAND_")
    radiance = median_of(facts, f"B{thermal}", tmp_path) * float(scaling[f"RADIANCE_MULT_BAND_{thermal}"])
    k1, k2 = (float(constants[f"K{number}_CONSTANT_BAND_{thermal}"]) for number in (1, 2))
    kelvins = k2 / np.log(k1 / (radiance + float(scaling[f"RADIANCE_ADD_BAND_{thermal}"])) + 1)
    assert 240 < kelvins < 330


def median_of(facts: SceneFacts, name: str, folder: Path) -> float:
    """The median number of a band, from the smallest overview, with which the file begins."""
    content, path = landsat_file(facts, f"{name}.TIF"), folder / f"{name}.TIF"
    path.write_bytes(content.read(0, 800_000))
    os.truncate(path, content.size)
    with rasterio.open(path, overview_level=3) as band:
        numbers = band.read(1)
    return float(np.median(numbers[numbers > 0]))
