"""Geometries as clients send them: united, repaired, or refused with a sentence of this server."""

from __future__ import annotations

import math
import random
import time
from typing import Any

import orjson
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from stac_bridge.errors import BadRequest
from stac_bridge.search.cql2.parser import SPATIAL, read_filter
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.params.geometry import read_bbox, read_geometry
from tests.support import LONG

Json = dict[str, Any]

BOW_TIE = [[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]


def square(west: float, south: float, size: float = 2) -> list[list[float]]:
    east, north = west + size, south + size
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: Any) -> Json:
    return {"type": "Polygon", "coordinates": list(rings)}


def multipolygon(*parts: Any) -> Json:
    return {"type": "MultiPolygon", "coordinates": list(parts)}


def collection(*geometries: Any) -> Json:
    return {"type": "GeometryCollection", "geometries": list(geometries)}


def point(*coordinates: Any) -> Json:
    return {"type": "Point", "coordinates": list(coordinates)}


def line(*positions: Any) -> Json:
    return {"type": "LineString", "coordinates": list(positions)}


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        (multipolygon([square(0, 0)], [square(1, 1)]), "POLYGON((0 0,2 0,2 1,3 1,3 3,1 3,1 2,0 2,0 0))"),
        (multipolygon([square(0, 0)], [square(2, 0)]), "POLYGON((0 0,4 0,4 2,0 2,0 0))"),
        (multipolygon([square(0, 0)], [square(0, 0)]), "POLYGON((0 0,2 0,2 2,0 2,0 0))"),
        (multipolygon([square(0, 0)], [square(0.5, 0.5, 1)]), "POLYGON((0 0,2 0,2 2,0 2,0 0))"),
        (multipolygon([square(0, 0)], []), "POLYGON((0 0,2 0,2 2,0 2,0 0))"),
        (polygon(BOW_TIE), "MULTIPOLYGON(((0 0,1 0,0.5 0.5,0 0)),((0 1,0.5 0.5,1 1,0 1)))"),
        (polygon(square(0, 0)[::-1]), "POLYGON((0 0,2 0,2 2,0 2,0 0))"),
        (polygon(square(0, 0)[:-1]), "POLYGON((0 0,2 0,2 2,0 2,0 0))"),
        (polygon([[0, 0], [0, 0], [2, 0], [2, 2], [2, 2], [0, 0]]), "POLYGON((0 0,2 0,2 2,0 0))"),
        (polygon([[0, 0, 5], [2, 0], [2, 2, 7], [0, 0]]), "POLYGON((0 0,2 0,2 2,0 0))"),
        (polygon([[0, 0], [4, 0], [4, 4], [0, 0], [9, 9], [0, 0]]), "POLYGON((0 0,4 0,4 4,0 0))"),
        (polygon(square(0, 0, 4), square(0, 1, 1)), "POLYGON((0 0,4 0,4 4,0 4,0 2,1 2,1 1,0 1,0 0))"),
        (polygon(square(0, 0, 4), square(0, 0, 1), square(3, 3, 1)), "POLYGON((1 0,4 0,4 3,3 3,3 4,0 4,0 1,1 1,1 0))"),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "LINESTRING(0 0,2 2)"),
        (polygon([[1, 2]] * 4), "POINT(1 2)"),
        (line([1, 2], [1, 2]), "POINT(1 2)"),
        (point(1, 2, 3, 4), "POINT(1 2)"),
        ({**point(1, 2), "crs": None}, "POINT(1 2)"),
        ({**point(1, 2), "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC::CRS84"}}}, "POINT(1 2)"),
        ({**point(1, 2), "bbox": [1, 2, 1, 2], "extra": {"a": 1}}, "POINT(1 2)"),
        ({"type": "MultiPoint", "coordinates": [[1, 2], [1, 2], [3, 4]]}, "MULTIPOINT(1 2,3 4)"),
        ({"type": "MultiLineString", "coordinates": [[[0, 0], [2, 2]]]}, "LINESTRING(0 0,2 2)"),
        (collection(point(1, 2)), "POINT(1 2)"),
        (collection(collection(point(1, 2)), collection()), "POINT(1 2)"),
        (collection(polygon(square(0, 0)), polygon(square(2, 0))), "POLYGON((0 0,4 0,4 2,0 2,0 0))"),
        (
            collection(polygon(BOW_TIE), point(0.5, 0.2)),
            "MULTIPOLYGON(((0 0,1 0,0.5 0.5,0 0)),((0 1,0.5 0.5,1 1,0 1)))",
        ),
    ],
)
def test_a_geometry_that_is_not_valid_is_united_and_repaired(geometry: Json, wkt: str) -> None:
    read = read_geometry(geometry)
    assert shape(read).equals(shapely.from_wkt(wkt)), read
    assert shape(read).is_valid
    assert read_geometry(read) == read
    assert not shapely.has_z(shape(read))


def test_cql2_repairs_geometries_as_the_parameter_does() -> None:
    geometry = multipolygon([square(0, 0)], [square(1, 1)])
    clause = {"op": "s_intersects", "args": [{"property": "geometry"}, geometry]}
    assert read_filter(clause)["args"][1] == read_geometry(geometry)
    text = "S_INTERSECTS(geometry, MULTIPOLYGON(((0 0,2 0,2 2,0 2,0 0)),((1 1,3 1,3 3,1 3,1 1))))"
    assert read_filter(text)["args"][1] == read_geometry(geometry)


HINT = "Send its geometry, or the geometries of several features as one GeometryCollection."

REFUSED: list[tuple[Any, str]] = [
    ({"type": "Feature", "geometry": point(1, 2)}, HINT),
    ({"type": "FeatureCollection", "features": []}, HINT),
    (collection({"type": "Feature", "geometry": point(1, 2)}), HINT),
    ({"type": "point", "coordinates": [1, 2]}, "not 'point'"),
    ({"type": ["Point"], "coordinates": [1, 2]}, r"not \['Point'\]"),
    ({"coordinates": [1, 2]}, "is a GeoJSON geometry"),
    ([1, 2], r"not \[1, 2\]"),
    (None, "not None"),
    (point(), "is an empty geometry"),
    (polygon(), "is an empty geometry"),
    (polygon([]), "is an empty geometry"),
    (polygon([], square(0, 0)), "is an empty geometry"),
    (multipolygon([], [[]]), "is an empty geometry"),
    (collection(), "is an empty geometry"),
    (collection(collection(), point()), "is an empty geometry"),
    (polygon(square(0, 0, 2), square(-1, -1, 4)), "its holes leave nothing of it"),
    (point(1), "has no latitude"),
    (point("1", "2"), "'1' is no coordinate"),
    (point(True, 2), "True is no coordinate"),
    (point(1, None), "None is no coordinate"),
    (point(1, 2, "3"), "'3' is no coordinate"),
    (point(1, math.nan), "nan is no coordinate"),
    (point(math.inf, 1), "inf is no coordinate"),
    (point(10**400, 1), "is no coordinate"),
    (point(1e300, 1), "beyond the globe"),
    (point(181, 1), "beyond the globe"),
    (point(1, -90.5), "beyond the globe"),
    (point([1, 2]), "has no latitude"),
    ({"type": "Point"}, "whose coordinates are a list"),
    ({"type": "Point", "coordinates": "1,2"}, "whose coordinates are a list"),
    ({"type": "Point", "coordinates": {"x": 1}}, "whose coordinates are a list"),
    ({"type": "GeometryCollection"}, "whose geometries are a list"),
    (collection(7), "not 7"),
    (line([1, 2]), "a line has two positions or more"),
    (line(1, 2), "1 is no list of coordinates"),
    (polygon([1, 2], [3, 4]), "1 is no list of coordinates"),
    (polygon([[[0, 0], [1, 1], [0, 1], [0, 0]]]), "has no latitude|is no coordinate"),
    (polygon([[0, 0]]), "a ring has four positions or more"),
    (polygon([[0, 0], [1, 1]]), "a ring has four positions or more"),
    (polygon([[0, 0], [1, 1], [0, 0]]), "a ring has four positions or more"),
    ({**point(1, 2), "crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}, "another crs"),
]
OTHERS = ("numpy", "inhomogeneous", "array", "shapely", "geos", "linearring", "sequence", "untagged", "object", "tuple")
"""Words of the libraries beneath."""


@pytest.mark.parametrize(("geometry", "message"), REFUSED)
def test_a_geometry_that_cannot_be_read_is_refused_in_words_of_this_server(geometry: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message) as caught:
        read_geometry(geometry)
    assert not any(word in str(caught.value).lower() for word in OTHERS)


def is_in_json(geometry: Any) -> bool:
    try:
        return orjson.loads(orjson.dumps(geometry)) == geometry and isinstance(geometry, dict)
    except TypeError:
        return False


@pytest.mark.parametrize("geometry", [geometry for geometry, _message in REFUSED if is_in_json(geometry)])
def test_a_filter_refuses_the_same_geometries_in_the_same_words(geometry: Json) -> None:
    with pytest.raises(BadRequest) as caught:
        read_filter({"op": "s_intersects", "args": [{"property": "geometry"}, geometry]})
    assert not any(word in str(caught.value).lower() for word in OTHERS)
    if "type" in geometry:
        with pytest.raises(BadRequest) as expected:
            read_geometry(geometry, "a geometry in filter")
        assert str(caught.value) == str(expected.value)


@pytest.mark.parametrize(
    ("bbox", "message"),
    [
        ("1_0,2,3,4", "not '1_0,2,3,4'"),
        ("١,2,3,4", "west,south,east,north"),
        ("1,2,3,4,", "west,south,east,north"),
        ("1e999,2,3,4", "west,south,east,north"),
        ("1e300,2,3,4", "beyond the globe"),
        ("1,4,3,2", "north of north"),
        ("0,0,5,1,1,3", "lowest height is above"),
        ([[1, 2], [3, 4]], "west,south,east,north"),
        ({"1": 1, "2": 2, "3": 3, "4": 4}, "west,south,east,north"),
        ([10**400, 2, 3, 4], "west,south,east,north"),
        ([None, 2, 3, 4], "west,south,east,north"),
        ("1" * 100_000, "west,south,east,north"),
        (["x" * 100_000], "west,south,east,north"),
    ],
)
def test_a_bbox_that_cannot_be_read_is_refused_with_a_short_sentence(bbox: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message) as caught:
        read_bbox(bbox)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("bbox", "kind"),
    [
        ("1,2,1,2", "Point"),
        ("1,2,1,2,1,2", None),
        ("1,2,-5,1,2,9", "Point"),
        ("1,2,1,3", "LineString"),
        (" 1, 2 ,3,4", "Polygon"),
        ("1.,.5,3,4e0", "Polygon"),
        ([1, 2, 3, 4], "Polygon"),
        ("170,2,-170,4", "MultiPolygon"),
    ],
)
def test_a_bbox_is_a_geometry_even_without_width_or_height(bbox: Any, kind: str | None) -> None:
    if kind is None:
        with pytest.raises(BadRequest):
            read_bbox(bbox)
    else:
        assert read_bbox(bbox)["type"] == kind
        assert read_geometry(read_bbox(bbox)) == read_bbox(bbox)


# -- any geometry --------------------------------------------------------------------------------------------

corners = st.tuples(st.integers(0, 5), st.integers(0, 5))
positions = st.lists(st.integers(0, 5), min_size=2, max_size=3)
leaves = st.one_of(
    positions.map(lambda position: {"type": "Point", "coordinates": position}),
    st.lists(positions, min_size=1, max_size=4).map(lambda all_: {"type": "MultiPoint", "coordinates": all_}),
    st.lists(positions, min_size=2, max_size=4).map(lambda all_: {"type": "LineString", "coordinates": all_}),
    st.lists(positions, min_size=3, max_size=6).map(lambda ring: polygon([*ring, ring[0]])),
    st.lists(positions, min_size=3, max_size=5).map(lambda ring: polygon([*ring, ring[0]], square(1, 1, 1))),
    st.lists(corners, min_size=1, max_size=3).map(lambda all_: multipolygon(*([square(*each)] for each in all_))),
)
geometries = leaves | st.lists(leaves, min_size=1, max_size=3).map(lambda all_: collection(*all_))


def without_heights(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_heights(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return part[:2] if part and isinstance(part[0], int) else [without_heights(child) for child in part]
    return part


@given(geometries)
@settings(max_examples=5000 if LONG else 200, deadline=None, derandomize=True)
def test_any_geometry_with_positions_is_read_as_the_union_of_its_parts(geometry: Json) -> None:
    read = shape(read_geometry(geometry))
    assert read.is_valid
    for part in shapely.get_parts(shape(without_heights(geometry))):
        if part.geom_type != "Polygon":
            assert shapely.distance(read, part) == 0
        elif part.is_valid:
            assert shapely.difference(part, read).area < 1e-9


@given(geometries, corners, st.sampled_from(sorted(SPATIAL - {"s_touches", "s_overlaps", "s_within", "s_contains"})))
@settings(max_examples=5000 if LONG else 200, deadline=None, derandomize=True)
def test_items_are_compared_with_any_geometry_as_shapely_compares_them(
    geometry: Json, corner: tuple[int, int], op: str
) -> None:
    item = shapely.box(*corner, corner[0] + 2, corner[1] + 1)
    read = read_geometry(geometry)
    residual = Residual({"op": op, "args": [{"property": "geometry"}, read]})
    feature = {"type": "Feature", "id": "x", "geometry": mapping(item), "properties": {}}
    assert residual.matches(feature) == getattr(item, op.removeprefix("s_"))(shape(read))


# -- cost ----------------------------------------------------------------------------------------------------


def scribble(count: int) -> Json:
    chance = random.Random(3)
    ring = [[chance.uniform(-100, 100), chance.uniform(-80, 80)] for _ in range(count)]
    return polygon([*ring, ring[0]])


@pytest.mark.parametrize(
    "geometry",
    [
        scribble(9990),
        multipolygon(*([square(0, 0)] for _ in range(2000))),
        multipolygon(*([square(x / 500, 0, 4)] for x in range(2000))),
    ],
    ids=["scribble", "same squares", "staggered squares"],
)
def test_a_geometry_that_takes_too_long_to_repair_is_refused_before_that(geometry: Json) -> None:
    start = time.process_time()
    with pytest.raises(BadRequest, match="crosses itself too often"):
        read_geometry(geometry)
    assert time.process_time() - start < 2


def test_what_may_be_repaired_takes_less_than_two_seconds() -> None:
    tiles = multipolygon(*([square(x / 10, y / 10, 0.1)] for x in range(50) for y in range(40)))
    scribbles = [scribble(80) for _ in range(30)]
    start = time.process_time()
    assert shape(read_geometry(tiles)).area == pytest.approx(20)
    for each in scribbles:
        read_geometry(each)
    assert time.process_time() - start < 3


def test_rounding_at_the_edge_of_the_globe_is_not_beyond_it() -> None:
    out = math.nextafter(180, 181), math.nextafter(90, 91)
    assert read_bbox([-out[0], -out[1], *out]) == read_bbox([-180, -90, 180, 90])
    assert read_geometry({"type": "Point", "coordinates": list(out)}) == {"type": "Point", "coordinates": [180, 90]}
    with pytest.raises(BadRequest, match="beyond the globe"):
        read_bbox([-180.000001, 0, 0, 1])
