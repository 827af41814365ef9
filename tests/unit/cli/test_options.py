"""The options of a search → one question; what cannot be read is told by the option's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box as rectangle
from shapely.geometry import mapping, shape

from stac_bridge.cli.geojson_file import place_of
from stac_bridge.cli.options import asks, question
from stac_bridge.client.download import SearchParams
from stac_bridge.errors import BadRequest

SQUARE: dict[str, Any] = json.loads(json.dumps(mapping(rectangle(5, 45, 6, 46))))
BESIDE: dict[str, Any] = json.loads(json.dumps(mapping(rectangle(6, 45, 7, 46))))


def feature(geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def saved(folder: Path, said: Any) -> Path:
    path = folder / "place.geojson"
    path.write_text(json.dumps(said))
    return path


def test_options_put_one_question_together() -> None:
    said = question(
        collections=["a, b"], bbox="-1,2,3,4", cloud=10, filter_text="x = 1 OR x = 2", sort=["-datetime"], limit=3
    )
    assert said == SearchParams(
        collections=("a", "b"),
        bbox=(-1, 2, 3, 4),
        filter="(x = 1 OR x = 2) AND eo:cloud_cover <= 10",
        sortby=("-datetime",),
        limit=3,
    )
    assert question().is_empty


def test_a_command_gets_the_question_in_place_of_its_options() -> None:
    @asks(limit=7)
    def command(wanted: SearchParams, more: str = "") -> int:
        return wanted.limit + len(wanted.ids) + len(more)

    assert (
        command(
            **{"bbox": "", "ids": ["a,b"], "limit": 7, "more": "x"}
            | dict.fromkeys(("collections", "sort", "intersects", "datetime", "cloud", "filter_text"))
        )
        == 10
    )


@pytest.mark.parametrize(
    "said", [SQUARE, feature(SQUARE), {"type": "FeatureCollection", "features": [feature(SQUARE)]}], ids=str
)
def test_one_geometry_is_sent_as_it_stands_in_its_file(tmp_path: Path, said: dict[str, Any]) -> None:
    assert place_of(saved(tmp_path, said)) == SQUARE


def test_several_geometries_are_one_place(tmp_path: Path) -> None:
    both = {"type": "FeatureCollection", "features": [feature(SQUARE), feature(BESIDE)]}
    assert shape(place_of(saved(tmp_path, both))).equals(rectangle(5, 45, 7, 46))


@pytest.mark.parametrize(
    "said",
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
def test_a_file_without_a_geometry_is_told(tmp_path: Path, said: Any) -> None:
    with pytest.raises(BadRequest, match="holds no GeoJSON geometry"):
        place_of(saved(tmp_path, said))


def test_a_box_and_a_place_are_not_asked_for_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="not both"):
        question(bbox="1,2,3,4", intersects=saved(tmp_path, SQUARE))
