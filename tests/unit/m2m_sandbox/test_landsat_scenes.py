"""What the sandbox says of a Landsat scene: words, dirt and exact corners."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.datasets import archive_of, find_landsat_product
from m2m_sandbox.archive.fact_sheets import labels_of, sheet
from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.landsat.ard import tiles
from m2m_sandbox.archive.landsat.ard_grid import tile_grid
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES, family_of
from m2m_sandbox.archive.landsat.grid import Albers, projector
from tests.support import sampled

pytestmark = pytest.mark.slow

NAMES = [*FAMILIES, ARD.dataset]


def scenes(name: str, count: int = 200, *, full: bool = True) -> list[dict[str, Any]]:
    archive: Any = archive_of(name)
    return [archive.scene(number, full=full) for number in range(0, len(archive), len(archive) // count)]


def said(scene: dict[str, Any]) -> dict[str, Any]:
    return {line["fieldName"]: line["value"] for line in scene["metadata"]}


@pytest.mark.parametrize("name", NAMES)
def test_ids_of_lines_and_filters_are_hex_and_differ(name: str) -> None:
    ids = [line["id"] for line in scenes(name, 1)[0]["metadata"]]
    filters, products = list(labels_of(name)), [row["id"] for row in sheet(name)["products"]]
    for every in (ids, filters, products):
        assert len(every) == len(set(every))
        assert all(re.fullmatch(r"[0-9a-f]{15,16}", one) for one in every)


def test_datasets_do_not_share_ids_of_filters_or_products() -> None:
    ids = [ident for name in NAMES for ident in labels_of(name)]
    ids += [row["id"] for name in NAMES for row in sheet(name)["products"]]
    ids += [ident for name in NAMES for ident, _ in sheet(name)["browse"].values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", [*FAMILIES])
def test_a_filters_label_is_a_line_of_the_scene_or_an_identifier(name: str) -> None:
    lines = said(scenes(name, 1)[0])
    for label in labels_of(name).values():
        assert label.partition(" (")[0] in lines, label


@pytest.mark.parametrize("name", sampled(NAMES, 3))
def test_the_dirt_of_real_answers_is_there(name: str) -> None:
    found, whole = scenes(name, 4000, full=False), scenes(name)
    dates = {re.sub(r"\d", "0", one["publishDate"]) for one in found}
    assert {"0000-00-00 00:00:00-00", "0000-00-00 00:00:00", "0000-00-00 00:00:00.000000-00"} <= dates
    assert {one["temporalCoverage"]["startDate"][10:] for one in found} == {" 00:00:00"}
    if name != ARD.dataset:
        assert {type(one["cloudCover"]).__name__ for one in found} == {"str", "int", "NoneType"}
        assert any(one["cloudCover"] == -1 for one in found)
        assert all(re.fullmatch(r" \d{3}", said(one)["WRS Path"]) for one in whole)
        assert all("&deg;" in said(one)["Scene Center Lat DMS"] for one in whole)


@pytest.mark.parametrize("name", [*FAMILIES])
def test_corner_fields_give_the_products_rectangle(name: str) -> None:
    archive = landsat(name)
    for number in range(0, len(archive), len(archive) // 40):
        facts, lines = archive.facts(number), said(archive.scene(number, full=True))
        to_metres = Transformer.from_crs(4326, facts.grid.crs, always_xy=True)
        corners = [
            to_metres.transform(float(lines[f"Corner {which} Longitude"]), float(lines[f"Corner {which} Latitude"]))
            for which in ("Upper Left", "Lower Right")
        ]
        pixel = FAMILIES[name].pixel
        (west, north), (east, south) = corners
        assert abs(west - facts.grid.west) < 1.5
        assert abs(north - facts.grid.north) < 1.5
        assert round((east - west) / pixel) + 1 == facts.grid.width
        assert round((north - south) / pixel) + 1 == facts.grid.height


@pytest.mark.parametrize("name", [*FAMILIES])
def test_degrees_minutes_and_seconds_say_what_the_decimals_say(name: str) -> None:
    for scene in scenes(name, 50):
        lines = said(scene)
        text = html.unescape(lines["Corner Upper Left Long DMS"])
        degrees, minutes, seconds, letter = re.fullmatch(r"(\d+)°(\d\d)'(\d\d\.\d\d)\"([EW])", text).groups()  # type: ignore[union-attr]
        value = (int(degrees) + int(minutes) / 60 + float(seconds) / 3600) * (-1 if letter == "W" else 1)
        assert float(seconds) < 60
        assert value == pytest.approx(float(lines["Corner Upper Left Longitude"]), abs=2e-5)


def test_times_are_exact_until_2022_and_whole_seconds_after() -> None:
    archive = landsat()
    for day, form in (("2015-07-10", r".* \d\d:\d\d:\d\d\.\d{6}"), ("2024-07-10", r".* \d\d:\d\d:\d\d")):
        number = int(archive.search({"acquisitionFilter": {"start": day, "end": day}})[0])
        lines = said(archive.scene(number, full=True))
        assert re.fullmatch(form, lines["Start Time"])
        start, stop = (
            datetime.fromisoformat(lines[which]).replace(tzinfo=UTC) for which in ("Start Time", "Stop Time")
        )
        assert abs(start + (stop - start) / 2 - archive.facts(number).middle) < timedelta(seconds=1)


@pytest.mark.parametrize(("day", "state"), [("2003-05-30", "ON"), ("2003-05-31", "OFF")])
def test_landsat_7_loses_its_scan_line_corrector(day: str, state: str) -> None:
    archive = landsat("landsat_etm_c2_l1")
    number = int(archive.search({"acquisitionFilter": {"start": day, "end": day}})[0])
    assert said(archive.scene(number, full=True))["Scan Line Corrector"] == state


@pytest.mark.parametrize(
    ("name", "display_id", "entity_id"),
    [
        ("landsat_ot_c2_l2", r"L[CO]0[89]_L2S[PR]_\d{6}_\d{8}_\d{8}_02_T[12]", r"L[CO][89]\d{13}LGN00"),
        ("landsat_ot_c2_l1", r"L[CO]0[89]_L1(TP|GT)_\d{6}_\d{8}_\d{8}_02_T[12]", r"L[CO][89]\d{13}LGN00"),
        ("landsat_etm_c2_l2", r"LE07_L2S[PR]_\d{6}_\d{8}_\d{8}_02_T[12]", r"LE7\d{13}[A-Z]{3}\d\d"),
        ("landsat_tm_c2_l1", r"LT0[45]_L1(TP|GT|GS)_\d{6}_\d{8}_\d{8}_02_T[12]", r"LT[45]\d{13}[A-Z]{3}\d\d"),
        ("landsat_mss_c2_l1", r"LM0[45]_L1(TP|GT|GS)_\d{6}_\d{8}_\d{8}_02_T[12]", r"LM[45]\d{13}[A-Z]{3}\d\d"),
        ("landsat_ard_tile_c2", r"L[CET]0[45789]_(CU|AK|HI)_\d{6}_\d{8}_\d{8}_02", r"L[CET]0[45789]_(CU|AK|HI)_.*"),
    ],
)
def test_names_are_those_of_the_family(name: str, display_id: str, entity_id: str) -> None:
    for scene in scenes(name):
        assert re.fullmatch(display_id, scene["displayId"])
        assert re.fullmatch(entity_id, scene["entityId"])
        found = family_of(scene["displayId"])
        assert found
        assert found.dataset == name


@pytest.mark.parametrize("name", NAMES)
def test_a_product_is_found_by_its_own_name_alone(name: str) -> None:
    found = find_landsat_product(scenes(name, 3)[1]["displayId"])
    assert found
    assert found[0] == name
    assert found[1].facts(found[2]).display_id == scenes(name, 3)[1]["displayId"]


@pytest.mark.parametrize("nonsense", ["", "LC08", "LC08_L2SP_1", "LX08_L2SP_196028_20240728_20240807_02_T1"])
def test_a_name_that_is_none_is_no_product(nonsense: str) -> None:
    assert find_landsat_product(nonsense) is None


def test_both_levels_tell_of_the_same_scene() -> None:
    first, second = landsat("landsat_ot_c2_l1").scene(77, full=True), landsat().scene(77, full=True)
    assert first["entityId"] == second["entityId"]
    assert first["displayId"] == said(second)["Landsat Product Identifier L1"]
    assert first["spatialCoverage"] == second["spatialCoverage"]
    assert {line["id"] for line in first["metadata"]}.isdisjoint(line["id"] for line in second["metadata"])


def test_the_pixels_of_mss_are_twice_as_large() -> None:
    scene = landsat("landsat_mss_c2_l1").facts(0)
    large = landsat().facts(int(landsat().search({})[0]))
    assert scene.grid.pixel == 60
    assert 3000 < scene.grid.width < large.grid.width


@pytest.mark.parametrize("name", [*FAMILIES])
def test_pixel_centers_are_on_multiples_of_the_pixel(name: str) -> None:
    archive, pixel = landsat(name), FAMILIES[name].pixel
    for number in range(0, len(archive), len(archive) // 200):
        grid = archive.facts(number).grid
        assert (grid.west % pixel, grid.north % pixel, grid.pixel) == (0, 0, pixel)


def test_tiles_lie_edge_to_edge_on_the_albers_grid() -> None:
    grid = tile_grid("CU", 3, 10)
    assert (grid.crs, grid.width, grid.height) == (Albers(-96.0, 23.0, (29.5, 45.5)), 5000, 5000)
    assert (grid.west, grid.north) == (-2565585 + 450_000 + 15, 3314805 - 1_500_000 - 15)
    assert tile_grid("CU", 4, 10).west - grid.east == 30
    assert grid.south - tile_grid("CU", 3, 11).north == 30
    assert grid.zone is None


def test_places_known_by_their_tiles_are_in_them() -> None:
    """New York in h29v07 of the conterminous states."""
    grid = tile_grid("CU", 29, 7)
    x, y = projector(grid.crs).transform(-74.0, 40.7)
    assert grid.west <= x <= grid.east
    assert grid.south <= y <= grid.north
    near = {"latitude": 40.7, "longitude": -74.0}
    found = tiles().search({"spatialFilter": {"filterType": "mbr", "lowerLeft": near, "upperRight": near}})
    assert {(tiles().facts(int(n)).horizontal, tiles().facts(int(n)).vertical) for n in found[:50]} == {(29, 7)}


@pytest.mark.parametrize(
    ("tile", "place"),
    [
        (("AK", 16, 2), (-148.8, 69.1)),  # LC08_AK_016002_20200703_20210504_02 shows the Dalton Highway
        (("HI", 2, 0), (-158.0, 21.5)),  # Oahu
        (("CU", 3, 4), (-121.3, 44.3)),  # LC09_CU_003004_20230909_20230914_02 shows central Oregon
    ],
)
def test_the_tiles_of_collection_2_contain_places_known_from_real_products(
    tile: tuple[str, int, int], place: tuple[float, float]
) -> None:
    grid = tile_grid(*tile)
    x, y = projector(grid.crs).transform(*place)
    assert grid.west <= x <= grid.east
    assert grid.south <= y <= grid.north


def test_tiles_of_all_three_regions_are_in_the_archive() -> None:
    for west, south, region in ((-122, 44, "CU"), (-149, 69, "AK"), (-158, 21.4, "HI")):
        corners = ({"latitude": south + side, "longitude": west + side} for side in (0, 0.2))
        lower, upper = corners
        box = {"filterType": "mbr", "lowerLeft": lower, "upperRight": upper}
        assert {tiles().facts(int(number)).region for number in tiles().search({"spatialFilter": box})[:20]} == {region}


def test_a_tile_is_crossed_by_some_paths_and_not_by_all() -> None:
    crossings = np.bincount(tiles().footprint_of_place)
    assert crossings.min() >= 1
    assert 2 <= np.median(crossings) <= 8


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        (date(2021, 3, 13), "-06"),
        (date(2021, 3, 14), "-05"),
        (date(2021, 11, 6), "-05"),
        (date(2021, 11, 7), "-06"),
    ],
)
def test_central_time_follows_the_day(day: date, zone: str) -> None:
    assert central_offset(day) == zone
