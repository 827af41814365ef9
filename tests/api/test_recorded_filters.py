"""Filters in the words of Items, on recorded scenes whose filters have keys and words of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.recorded_m2m import RecordedM2M
from tests.support import running

FRAMES = ["DZB00403600089H015001", "DZB00403600089H016001"]
FILTERS = [
    "platform = 'kh-7'",
    "A_CONTAINS(instruments, ('surveillance camera'))",
    "\"m2m:download_available\" = 'Y'",
    "\"m2m:camera_resolution\" = '2 to 4 feet'",
    "\"m2m:download_available\" = 'Y' AND \"m2m:camera_resolution\" = '2 to 4 feet'",
    "NOT platform = 'kh-9'",
    "datetime >= DATE('1967-02-08') AND datetime <= DATE('1967-02-08')",
    "datetime = TIMESTAMP('1967-02-08T12:00:00Z')",
    "T_INTERSECTS(datetime, INTERVAL('1967-02-01', '1967-03-01'))",
    "T_DURING(datetime, INTERVAL('1967-02-01', '1967-03-01'))",
]
QUERIES = [
    {"platform": {"eq": "kh-7"}},
    {"datetime": {"gte": "1967-02-08T06:00:00Z", "lte": "1967-02-08T07:00:00Z"}},
]
BY_FILTER = [{"filter": text} for text in FILTERS]
BY_QUERY = [{"query": orjson.dumps(query).decode()} for query in QUERIES]


@pytest.mark.parametrize("params", [*BY_FILTER, *BY_QUERY], ids=str)
async def test_both_recorded_frames_of_kh_7_are_found_by_one_scene_search(
    tmp_path: Path, params: dict[str, Any]
) -> None:
    m2m = RecordedM2M()
    async with running(tmp_path, m2m.transport) as here:
        page = (await here.get("/search", collections="declassii", **params)).raise_for_status().json()
        assert sorted(item["id"] for item in page["features"]) == FRAMES
        assert [endpoint for endpoint, _payload in m2m.calls].count("scene-search") == 1
    assert m2m.complaints == []


@pytest.mark.parametrize(
    "text",
    [
        "platform = 'kh-9'",
        "datetime > DATE('1967-02-08')",
        "datetime <> DATE('1967-02-08')",
        "T_AFTER(datetime, DATE('1967-02-08'))",
        "datetime IS NOT NULL",
    ],
)
async def test_no_frame_is_found_by_what_is_not_true_of_it(tmp_path: Path, text: str) -> None:
    async with running(tmp_path, RecordedM2M().transport) as here:
        page = (await here.get("/search", collections="declassii", filter=text)).raise_for_status().json()
        assert page["features"] == []
