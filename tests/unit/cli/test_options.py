"""From the options of a search to its parameters; errors name the option."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box as rectangle
from shapely.geometry import mapping, shape

from stac_bridge.cli.geojson_file import read_geometry
from stac_bridge.cli.options import search_options, with_search_options
from stac_bridge.client.download import SearchParams
from stac_bridge.errors import BadRequest

SQUARE: dict[str, Any] = json.loads(json.dumps(mapping(rectangle(5, 45, 6, 46))))
BESIDE: dict[str, Any] = json.loads(json.dumps(mapping(rectangle(6, 45, 7, 46))))


def feature(geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def save(folder: Path, document: Any) -> Path:
    path = folder / "place.geojson"
    path.write_text(json.dumps(document))
    return path


def test_options_describe_one_search() -> None:
    search = search_options(
        collections=["a, b"], bbox="-1,2,3,4", cloud=10, filter_text="x = 1 OR x = 2", sort=["-datetime"], limit=3
    )
    assert search == SearchParams(
        collections=("a", "b"),
        bbox=(-1, 2, 3, 4),
        filter="(x = 1 OR x = 2) AND eo:cloud_cover <= 10",
        sortby=("-datetime",),
        limit=3,
    )
    assert search_options().is_empty


def test_a_decorated_command_has_the_search_options() -> None:
    @with_search_options(limit=7)
    def command(wanted: SearchParams, other: str = "") -> int:
        return wanted.limit + len(wanted.ids) + len(other)

    assert (
        command(
            **{"bbox": "", "ids": ["a,b"], "limit": 7, "other": "x"}
            | dict.fromkeys(("collections", "sort", "intersects", "datetime", "cloud", "filter_text"))
        )
        == 10
    )


@pytest.mark.parametrize(
    "document", [SQUARE, feature(SQUARE), {"type": "FeatureCollection", "features": [feature(SQUARE)]}], ids=str
)
def test_a_single_geometry_is_unchanged(tmp_path: Path, document: dict[str, Any]) -> None:
    assert read_geometry(save(tmp_path, document)) == SQUARE


def test_several_geometries_are_united(tmp_path: Path) -> None:
    both = {"type": "FeatureCollection", "features": [feature(SQUARE), feature(BESIDE)]}
    assert shape(read_geometry(save(tmp_path, both))).equals(rectangle(5, 45, 7, 46))


def test_features_that_are_not_valid_are_united_too(tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}
    features = [{"type": "Feature", "geometry": bow_tie}, {"type": "Feature", "geometry": SQUARE}]
    read = shape(read_geometry(save(tmp_path, {"type": "FeatureCollection", "features": features})))
    assert read.area == shape(SQUARE).area + 0.5


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        "x",
        {"type": "Feature"},
        feature(None),
        {"type": "FeatureCollection", "features": []},
        {"type": "Nothing"},
    ],
    ids=str,
)
def test_a_file_without_a_geometry_is_an_error(tmp_path: Path, document: Any) -> None:
    with pytest.raises(BadRequest, match="contains no GeoJSON geometry"):
        read_geometry(save(tmp_path, document))


def test_bbox_and_intersects_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="not both"):
        search_options(bbox="1,2,3,4", intersects=save(tmp_path, SQUARE))
