"""Items are written to one file, in the format of its suffix."""

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

from stac_bridge.client.download import save_items
from stac_bridge.client.geoparquet import BATCH_SIZE, ROW_GROUP_SIZE
from stac_bridge.client.save import write_ndjson
from stac_bridge.errors import BadRequest

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("name", ["items.geojson", "items.json"])
def test_geojson_is_an_item_collection(tmp_path: Path, name: str) -> None:
    assert save_items(iter(ITEMS), tmp_path / name) == 3
    assert json.loads((tmp_path / name).read_text()) == {"type": "FeatureCollection", "features": ITEMS}
    assert save_items(iter(()), tmp_path / name) == 0
    assert json.loads((tmp_path / name).read_text())["features"] == []


@pytest.mark.parametrize("name", ["items.ndjson", "items.JSONL"])
def test_ndjson_has_one_item_per_line(tmp_path: Path, name: str) -> None:
    assert save_items(iter(ITEMS), tmp_path / name) == 3
    assert [json.loads(line) for line in (tmp_path / name).read_text().splitlines()] == ITEMS
    out = io.BytesIO()
    assert write_ndjson(iter(ITEMS), out) == 3
    assert out.getvalue() == (tmp_path / name).read_bytes()


def test_parquet_has_the_columns_of_all_items_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    many = [*ITEMS, *(item(number, late=f"{number}") for number in range(4, ROW_GROUP_SIZE + 4))]
    assert save_items(iter(many), path) == len(many)
    table = geopandas.read_parquet(path)
    assert list(table["id"]) == [item["id"] for item in many]
    assert table.crs.to_epsg() == 4326
    assert list(table["gsd"].dropna()) == [30]
    assert table["late"].iloc[-1] == str(ROW_GROUP_SIZE + 3)
    back = list(stac_geoparquet.arrow.stac_table_to_items(parquet.read_table(path)))
    assert back[0]["properties"]["platform"] == "landsat-8"
    assert back[0]["assets"] == ITEMS[0]["assets"]
    assert parquet.ParquetFile(path).num_row_groups == 2


def test_a_parquet_file_has_the_columns_of_later_items_too(tmp_path: Path) -> None:
    """Also numbers of another type, new members inside assets, and values after nothing but null."""
    path = tmp_path / "items.parquet"
    late = item(BATCH_SIZE + 1, gsd=0.5, **{"m2m:film": "a reel"})
    late["assets"] = {"nir": {"href": "https://bridge.example/nir.tif", "bands": [{"name": "B5"}]}}
    early = [item(number, gsd=30, **{"m2m:film": None}) for number in range(1, BATCH_SIZE + 1)]
    save_items(iter([*early, late]), path)
    back = list(stac_geoparquet.arrow.stac_table_to_items(parquet.read_table(path)))
    assert [item["properties"]["gsd"] for item in (back[0], back[-1])] == [30, 0.5]
    assert [item["properties"]["m2m:film"] for item in (back[0], back[-1])] == [None, "a reel"]
    assert [set(item["assets"]) for item in (back[0], back[-1])] == [{"red"}, {"nir"}]
    assert back[-1]["assets"]["nir"]["bands"] == [{"name": "B5"}]


def test_duckdb_queries_a_parquet_file_by_property_time_and_bbox(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    save_items(iter([*ITEMS, item(89, gsd=15)]), path)
    query = "SELECT id, datetime AT TIME ZONE 'UTC', octet_length(geometry::BLOB) FROM read_parquet(?) WHERE "
    (row,) = duckdb.execute(f"{query} gsd < 20 AND bbox.xmin > 50", [str(path)]).fetchall()
    assert row[:2] == ("scene-89", datetime(2024, 7, 28, 10, 17, 39))


MEASURED = """
import sys
from pathlib import Path
from tests.unit.client.test_save import item
from stac_bridge.client.download import save_items

def peak_mb():
    return next(int(line.split()[1]) // 1000 for line in open("/proc/self/status") if line.startswith("VmHWM"))

for count in map(int, sys.argv[2:]):
    save_items((item(number, description=f"{number:05}" * 2000) for number in range(count)), Path(sys.argv[1]))
    print(peak_mb())
"""
"""Prints the peak memory in MB after each file of so many Items of 10 kB."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux reports the peak memory of a process")
def test_more_items_take_no_more_memory(tmp_path: Path) -> None:
    counts = (2 * ROW_GROUP_SIZE, 5 * ROW_GROUP_SIZE)
    # The best of three: what threads hold at a peak differs from run to run.
    growths = (_memory_growth(tmp_path / "items.parquet", counts) for _ in range(3))
    assert any(growth < 30 for growth in growths)  # of the 60 that the others would take
    assert parquet.ParquetFile(tmp_path / "items.parquet").metadata.num_rows == counts[1]


def _memory_growth(path: Path, counts: tuple[int, int]) -> int:
    """Return the MB that the larger number of Items takes more than the smaller one, in a new process."""
    command = [sys.executable, "-c", MEASURED, str(path), *map(str, counts)]
    few, many = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    return many - few


def test_without_items_no_parquet_file_is_written(tmp_path: Path) -> None:
    assert save_items(iter(()), tmp_path / "items.parquet") == 0
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "items.ndjson"
    path.write_text("before")

    def broken() -> Iterator[dict[str, Any]]:
        yield ITEMS[0]
        raise BadRequest("no more")

    with pytest.raises(BadRequest, match="no more"):
        save_items(broken(), path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_items_that_do_not_fit_a_table_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="save them as"):
        save_items(iter([item(1, odd="text"), item(2, odd=["a", "list"])]), tmp_path / "items.parquet")


@pytest.mark.parametrize(("name", "message"), [("items.csv", "one of .geojson"), ("nowhere/items.json", "no folder")])
def test_a_bad_file_name_is_an_error_before_any_item_is_read(tmp_path: Path, name: str, message: str) -> None:
    def never() -> Iterator[dict[str, Any]]:
        raise AssertionError
        yield

    with pytest.raises(BadRequest, match=message):
        save_items(never(), tmp_path / name)


def test_without_its_library_a_parquet_file_is_an_error_that_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "stac_geoparquet", None)
    with pytest.raises(BadRequest, match=r"pip install 'stac-bridge\[geoparquet\]', or save \.ndjson"):
        save_items(iter(ITEMS), tmp_path / "items.parquet")
