"""Places as M2M is sent them: wide enough for the rounding of footprints, and for both sides of the antimeridian."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import shapely
from shapely import affinity
from shapely.geometry import mapping, shape

from m2m_sandbox.api.scene_filter import spatial_mask
from m2m_sandbox.archive.datasets import archive_of, dataset, filters_of
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.archive.small import SMALL
from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.filters import shape_of
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.search.cql2.parser import SPATIAL
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.params.geometry import read_bbox, read_geometry
from stac_bridge.search.params.search import parse
from stac_bridge.search.plan import make_step, resolve_filter
from stac_bridge.search.pushdown.spatial import MAX_VERTICES, push_spatial
from stac_bridge.translate import Translator

Json = dict[str, Any]

GEOMETRY = {"property": "geometry"}
DATASETS = [*FAMILIES, ARD.dataset, *(name for name in SMALL if name != "event1058")]


# -- the corners of Items ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """An Item, and the footprint that the sandbox compares with a geometry: unlike the Item's, it is not rounded."""

    item: Json
    footprint: shapely.Geometry

    def is_selected(self, payload: Json) -> bool:
        """Whether M2M returns the Item's scene for a scene filter, as far as its place decides that."""
        place = payload.get("spatialFilter")
        return place is None or bool(spatial_mask(shapely.STRtree([self.footprint]), place)[0])


def entry_of_sandbox(name: str) -> Entry:
    filters = tuple(DatasetFilter.model_validate(raw) for raw in filters_of(name))
    return Entry(Dataset.model_validate(dataset(name)), load_mappings().for_dataset(name), DatasetDetails(filters))


def places(name: str, count: int) -> Iterator[Place]:
    """Items of a dataset of the sandbox, from its first to its last, without those that have no geometry."""
    archive: Any = archive_of(name)
    translator = Translator(entry_of_sandbox(name))
    for number in range(0, len(archive), max(1, len(archive) // count)):
        item = translator.core(read_scene(archive.scene(number, full=False)))
        if item["geometry"]:
            yield Place(item, footprint_of(archive, number))


def footprint_of(archive: Any, number: int) -> shapely.Geometry:
    if hasattr(archive, "table"):  # passes share the footprint of their path and row
        place, _satellite, _day = archive.table.at(number)
        return archive.tree.geometries[archive.footprint_of_place[place]]
    return archive._tree.geometries[archive.places[number]]


def edges(geometry: shapely.Geometry) -> Iterator[tuple[shapely.Point, shapely.Point]]:
    """The two ends of each edge of a polygon, or of the parts of a multipolygon."""
    for part in shapely.get_parts(geometry):
        for start, end in pairwise(part.exterior.coords):
            if start != end:
                yield shapely.Point(start), shapely.Point(end)


def away(corner: shapely.Point, middle: shapely.Point) -> shapely.Point:
    """A point on the globe that is farther from the middle than the corner is."""
    longitude = corner.x + math.copysign(0.01, corner.x - middle.x)
    latitude = corner.y + math.copysign(0.01, corner.y - middle.y)
    return shapely.Point(max(-180.0, min(longitude, 180.0)), max(-90.0, min(latitude, 90.0)))


def touching(geometry: shapely.Geometry) -> Iterator[shapely.Geometry]:
    """Places that have a corner or an edge of this geometry in common with it, but hardly more."""
    for corner, following in edges(geometry):
        outside = away(corner, geometry.centroid)
        yield corner
        yield shapely.MultiPoint([corner, outside]).envelope
        yield shapely.LineString([corner, outside])
        yield shapely.LineString([corner, following])
        yield shapely.LineString([corner, following]).interpolate(0.5, normalized=True)
        yield shapely.Polygon([corner, following, outside])


def losses(name: str, count: int) -> Iterator[str]:
    """Describe each place that an Item touches, and for which M2M does not return it."""
    for place in places(name, count):
        geometry = shape(place.item["geometry"])
        for probe in touching(geometry):
            payload = push_spatial([GEOMETRY, read_geometry(mapping(probe))]).filter.payload()
            if geometry.intersects(probe) and not place.is_selected(payload):
                yield f"{name} {place.item['id']}: {probe} is sent as {payload}"


@pytest.mark.parametrize("name", DATASETS)
def test_an_item_is_found_by_any_place_along_its_own_edge(name: str) -> None:
    assert list(losses(name, count=6)) == []


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", DATASETS)
def test_any_item_of_the_sandbox_is_found_by_any_place_along_its_own_edge(name: str) -> None:
    assert list(losses(name, count=2000)) == []


def searches(probe: shapely.Geometry) -> Iterator[Json]:
    """The parameters of searches for a place: as geometry, by each spatial operator, and as bbox if it is a box."""
    yield {"intersects": shapely.to_geojson(probe)}
    if probe.equals(probe.envelope):
        west, south, east, north = probe.bounds
        yield {"bbox": [west, south, east, north]}
        yield {"bbox": f"{west},{south},-100,{east},{north},9000"}
    for op in sorted(SPATIAL):
        yield {"filter": {"op": op, "args": [GEOMETRY, mapping(probe)]}}
        yield {"filter": {"op": op, "args": [mapping(probe), GEOMETRY]}}


@pytest.mark.parametrize("name", ["landsat_ot_c2_l2", "corona2", "naip"])
def test_every_parameter_and_operator_finds_the_items_that_touch_a_place(name: str) -> None:
    entry = entry_of_sandbox(name)
    for place in places(name, count=2):
        geometry = shape(place.item["geometry"])
        for probe in [geometry, *touching(geometry)]:
            for params in searches(probe):
                search = parse({"collections": name, **params})
                step = make_step(resolve_filter(search, [entry]), entry)
                is_match = search.filter is not None and Residual(search.filter).matches(place.item)
                assert not is_match or place.is_selected(step.filter.payload()), params


# -- what is sent --------------------------------------------------------------------------------------------


def sent(geometry: Json) -> Json:
    payload = push_spatial([GEOMETRY, geometry]).filter.payload()["spatialFilter"]
    assert isinstance(payload, dict)
    return payload


def cover(geometry: Json) -> shapely.Geometry:
    place = push_spatial([GEOMETRY, geometry]).filter.spatial
    assert place is not None
    return shape_of(place)


def mbr(west: float, south: float, east: float, north: float) -> Json:
    return {
        "filterType": "mbr",
        "lowerLeft": {"longitude": west, "latitude": south},
        "upperRight": {"longitude": east, "latitude": north},
    }


@pytest.mark.parametrize(
    ("bbox", "payload"),
    [
        ("5.9,45.4,6.5,45.8", mbr(5.899, 45.399, 6.501, 45.801)),
        ("6,46,6,46", mbr(5.999, 45.999, 6.001, 46.001)),
        ("6,46,6,47", mbr(5.999, 45.999, 6.001, 47.001)),
        ("6,-90,7,-90", mbr(5.999, -90, 7.001, -89.999)),
        ("-10,-90,10,90", mbr(-10.001, -90, 10.001, 90)),
        ("-180,-90,180,90", mbr(-540.001, -90, 540.001, 90)),
    ],
)
def test_a_box_is_sent_as_a_box_that_is_wider_by_the_rounding(bbox: str, payload: Json) -> None:
    assert sent(read_bbox(bbox)) == payload


@pytest.mark.parametrize("bbox", ["178,-20,-178,-15", "180,-20,-178,-15", "178,-20,-180,-15", "180,1,180,1"])
def test_a_place_at_the_antimeridian_is_sent_on_both_sides_of_it(bbox: str) -> None:
    place = cover(read_bbox(bbox))
    for part in shapely.get_parts(shape(read_bbox(bbox))):
        for shift in (0, 360 if part.centroid.x < 0 else -360):
            assert place.covers(affinity.translate(part, shift))
    assert place.area < 50


def test_coordinates_have_six_decimals() -> None:
    assert sent({"type": "Point", "coordinates": [1 / 3, 2 / 3]}) == mbr(0.332333, 0.665667, 0.334333, 0.667667)
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [1 / 3, 0], [0, 1 / 7], [0, 0]]]}
    points = shapely.get_coordinates(cover(triangle))
    assert (points == points.round(6)).all()


def ring(count: int, radius: Callable[[int], float]) -> list[list[float]]:
    turns = [2 * math.pi * k / count for k in range(count)]
    points = [[6 + radius(k) * math.cos(turn), 46 + radius(k) * math.sin(turn)] for k, turn in enumerate(turns)]
    return [*points, points[0]]


def comb(count: int) -> list[list[float]]:
    teeth = [[-170 + 340 * k / count, 80.0 if k % 2 else 0.0] for k in range(count)]
    return [*teeth, [170.0, -10.0], [-170.0, -10.0], teeth[0]]


def anywhere(chance: random.Random) -> list[float]:
    return [chance.uniform(-180, 180), chance.uniform(-90, 90)]


def large_geometries() -> Iterator[Any]:
    chance = random.Random(5)
    points = [anywhere(chance) for _ in range(9990)]
    squares = [shapely.box(x / 10, y / 10, x / 10 + 0.05, y / 10 + 0.05) for x in range(50) for y in range(40)]
    yield pytest.param({"type": "Polygon", "coordinates": [ring(9990, lambda _: 1)]}, id="circle")
    yield pytest.param({"type": "Polygon", "coordinates": [ring(9990, lambda k: 1 + k % 2)]}, id="star")
    yield pytest.param({"type": "Polygon", "coordinates": [comb(9980)]}, id="comb")
    yield pytest.param(mapping(shapely.MultiPolygon(squares)), id="squares")
    yield pytest.param({"type": "MultiPoint", "coordinates": points}, id="points")
    yield pytest.param({"type": "LineString", "coordinates": points}, id="line")
    yield pytest.param({"type": "LineString", "coordinates": points[:299]}, id="line that could be sent")
    yield pytest.param({"type": "LineString", "coordinates": [[x / 1000, 46.0] for x in range(9990)]}, id="straight")


@pytest.mark.parametrize("geometry", list(large_geometries()))
def test_a_large_geometry_is_covered_by_a_simple_one_without_much_work(geometry: Json) -> None:
    start = time.process_time()
    place = cover(geometry)
    assert time.process_time() - start < 2  # the comb took 26 seconds as long as geometries were buffered
    assert shapely.get_num_coordinates(place) <= 3 * MAX_VERTICES  # with its images beyond the antimeridian
    assert place.covers(shape(geometry))
