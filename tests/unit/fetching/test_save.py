"""Items → one file, by the ending of its name."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import pytest
import stac_geoparquet.arrow
from pyarrow import parquet

from stac_bridge.errors import BadRequest
from stac_bridge.fetching import save
from stac_bridge.fetching.geoparquet import BATCH, ROW_GROUP
from stac_bridge.fetching.save import ndjson


def item(number: int, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": f"scene-{number}",
        "collection": "naip",
        "geometry": {"type": "Point", "coordinates": [number % 90, 45.0]},
        "bbox": [number % 90, 45.0, number % 90, 45.0],
        "properties": {"datetime": "2024-07-28T10:17:39Z", **properties},
        "links": [],
        "assets": {"red": {"href": f"https://bridge.example/{number}.tif"}},
    }


ITEMS = [item(1, platform="landsat-8"), item(2, gsd=30), item(3, **{"eo:cloud_cover": 1.5})]


@pytest.mark.parametrize("name", ["found.geojson", "found.json"])
def test_geojson_is_an_item_collection(tmp_path: Path, name: str) -> None:
    assert save(iter(ITEMS), tmp_path / name) == 3
    assert json.loads((tmp_path / name).read_text()) == {"type": "FeatureCollection", "features": ITEMS}
    assert save(iter(()), tmp_path / name) == 0
    assert json.loads((tmp_path / name).read_text())["features"] == []


@pytest.mark.parametrize("name", ["found.ndjson", "found.JSONL"])
def test_ndjson_is_an_item_a_line(tmp_path: Path, name: str) -> None:
    assert save(iter(ITEMS), tmp_path / name) == 3
    assert [json.loads(line) for line in (tmp_path / name).read_text().splitlines()] == ITEMS
    out = io.BytesIO()
    assert ndjson(iter(ITEMS), out) == 3
    assert out.getvalue() == (tmp_path / name).read_bytes()


def test_parquet_has_the_columns_of_all_items_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "found.parquet"
    many = [*ITEMS, *(item(number, late=f"{number}") for number in range(4, ROW_GROUP + 4))]
    assert save(iter(many), path) == len(many)
    table = geopandas.read_parquet(path)
    assert list(table["id"]) == [one["id"] for one in many]
    assert table.crs.to_epsg() == 4326
    assert list(table["gsd"].dropna()) == [30]
    assert table["late"].iloc[-1] == str(ROW_GROUP + 3)
    back = list(stac_geoparquet.arrow.stac_table_to_items(parquet.read_table(path)))
    assert back[0]["properties"]["platform"] == "landsat-8"
    assert back[0]["assets"] == ITEMS[0]["assets"]
    assert parquet.ParquetFile(path).num_row_groups == 2


def test_a_parquet_widens_by_what_later_items_have(tmp_path: Path) -> None:
    """In their numbers, inside their assets, and where there was nothing but null."""
    path = tmp_path / "found.parquet"
    late = item(BATCH + 1, gsd=0.5, **{"m2m:film": "a reel"})
    late["assets"] = {"nir": {"href": "https://bridge.example/nir.tif", "bands": [{"name": "B5"}]}}
    early = [item(number, gsd=30, **{"m2m:film": None}) for number in range(1, BATCH + 1)]
    save(iter([*early, late]), path)
    back = list(stac_geoparquet.arrow.stac_table_to_items(parquet.read_table(path)))
    assert [one["properties"]["gsd"] for one in (back[0], back[-1])] == [30, 0.5]
    assert [one["properties"]["m2m:film"] for one in (back[0], back[-1])] == [None, "a reel"]
    assert [set(one["assets"]) for one in (back[0], back[-1])] == [{"red"}, {"nir"}]
    assert back[-1]["assets"]["nir"]["bands"] == [{"name": "B5"}]


def test_duckdb_asks_a_parquet_by_property_time_and_bbox(tmp_path: Path) -> None:
    path = tmp_path / "found.parquet"
    save(iter([*ITEMS, item(89, gsd=15)]), path)
    asked = "SELECT id, datetime AT TIME ZONE 'UTC', octet_length(geometry::BLOB) FROM read_parquet(?) WHERE "
    (found,) = duckdb.execute(f"{asked} gsd < 20 AND bbox.xmin > 50", [str(path)]).fetchall()
    assert found[:2] == ("scene-89", datetime(2024, 7, 28, 10, 17, 39))


MEASURED = """
import sys
from pathlib import Path
from tests.unit.fetching.test_save import item
from stac_bridge.fetching import save

def most():
    return next(int(line.split()[1]) // 1000 for line in open("/proc/self/status") if line.startswith("VmHWM"))

for count in map(int, sys.argv[2:]):
    save((item(number, description=f"{number:05}" * 2000) for number in range(count)), Path(sys.argv[1]))
    print(most())
"""
"""Prints the most MB that the process ever took, after each file of so many Items of 10 kB."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory a process took")
def test_more_items_take_no_more_memory(tmp_path: Path) -> None:
    counts = (2 * ROW_GROUP, 5 * ROW_GROUP)
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "found.parquet"), *map(str, counts)]
    few, many = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert parquet.ParquetFile(tmp_path / "found.parquet").metadata.num_rows == counts[1]
    assert many - few < 30  # of the 60 that the others would take


def test_of_no_item_no_parquet_can_be_made(tmp_path: Path) -> None:
    assert save(iter(()), tmp_path / "found.parquet") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "found.ndjson"
    path.write_text("before")

    def broken() -> Iterator[dict[str, Any]]:
        yield ITEMS[0]
        raise BadRequest("no more")

    with pytest.raises(BadRequest, match="no more"):
        save(broken(), path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_items_that_no_table_holds_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="save them as"):
        save(iter([item(1, odd="text"), item(2, odd=["a", "list"])]), tmp_path / "found.parquet")


@pytest.mark.parametrize(("name", "said"), [("found.csv", "one of .geojson"), ("nowhere/found.json", "no folder")])
def test_a_name_that_cannot_be_written_is_told_before_an_item_is_asked_for(
    tmp_path: Path, name: str, said: str
) -> None:
    def never() -> Iterator[dict[str, Any]]:
        raise AssertionError
        yield

    with pytest.raises(BadRequest, match=said):
        save(never(), tmp_path / name)


def test_without_its_library_a_parquet_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stac_geoparquet", None)
    with pytest.raises(BadRequest, match=r"pip install 'stac-bridge\[geoparquet\]', or save \.ndjson"):
        save(iter(ITEMS), tmp_path / "found.parquet")
