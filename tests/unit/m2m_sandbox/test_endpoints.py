"""What M2M tells of datasets and of itself has the forms of its own samples."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.support import RECORDINGS
from tests.unit.m2m_sandbox.asking import LANDSAT, Asker

SAMPLED = {
    "data-owner": {"dataOwner": "DMID"},
    "dataset-browse": {"datasetName": LANDSAT},
    "dataset-bulk-products": {"datasetName": LANDSAT},
    "dataset-catalogs": {},
    "dataset-file-groups": {"datasetName": LANDSAT},
    "download-eula": {"eulaCodes": ["HDDS"]},
    "grid2ll": {"gridType": "WRS2", "path": "47", "row": "27", "responseShape": "point"},
    "notifications": {"systemId": "M2M"},
    "rate-limit-summary": {},
    "scene-search-delete": {"datasetName": LANDSAT},
}


@pytest.mark.parametrize("endpoint", SAMPLED)
async def test_an_answer_has_the_keys_of_the_sample(asker: Asker, endpoint: str) -> None:
    sample = orjson.loads((RECORDINGS / f"doc_samples/{endpoint}__response_1.json").read_bytes())["data"]
    ours = await asker.ask(endpoint, SAMPLED[endpoint])
    if endpoint == "dataset-file-groups":
        sample, ours = (
            [group for one in said["secondary"].values() for group in one.values()] for said in (sample, ours)
        )
    assert keys(ours) == keys(sample)


def keys(said: Any) -> Any:
    """The keys of an object, or of a list's first element."""
    return sorted(said[0] if said else ()) if isinstance(said, list) else sorted(said)


async def test_categories_hold_every_dataset_that_has_one(asker: Asker) -> None:
    categories = await asker.ask("dataset-categories", {"catalog": "EE"})
    names = {one["datasetAlias"] for category in categories.values() for one in category["datasets"]}
    listed = await asker.ask("dataset-search", {"catalog": "EE"})
    assert names == {one["datasetAlias"] for one in listed if one["datasetCategoryName"]}
    assert {key: category["id"] for key, category in categories.items()} == {key: key for key in categories}


async def test_messages_are_told_by_dataset_and_are_an_empty_list_where_there_are_none(asker: Asker) -> None:
    told = await asker.ask("dataset-messages", {"datasetName": LANDSAT})
    assert list(told) == [LANDSAT]
    assert "<br>" in told[LANDSAT]["dataset-select"]["message"]
    assert await asker.ask("dataset-messages", {"datasetName": "naip"}) == []


async def test_notices_are_told_by_system(asker: Asker) -> None:
    (notice,) = await asker.ask("notifications", {"systemId": "M2M"})
    assert notice["severityCode"] == "I"
    assert await asker.ask("notifications", {"systemId": "GV"}) == []


async def test_the_grid_gives_a_centre_or_corners(asker: Asker) -> None:
    point = await asker.ask("grid2ll", {"gridType": "WRS2", "path": "47", "row": "27"})
    ((centre),) = point["coordinates"]
    assert abs(centre["latitude"] - 47.4) < 0.3
    ring = await asker.ask("grid2ll", {"gridType": "WRS2", "path": 47, "row": 27, "responseShape": "polygon"})
    latitudes = [one["latitude"] for one in ring["coordinates"]]
    assert min(latitudes) < centre["latitude"] < max(latitudes)
    assert (await asker.refused("grid2ll", {"path": 234, "row": 1}))[0] == "INPUT_PARAMETER_INVALID"
    assert (await asker.refused("grid2ll", {"gridType": "WRS1", "path": 1, "row": 1}))[0] == "INPUT_PARAMETER_INVALID"


async def test_a_dataset_is_found_by_its_id_too(asker: Asker) -> None:
    by_name = await asker.ask("dataset", {"datasetName": LANDSAT})
    assert await asker.ask("dataset", {"datasetId": by_name["datasetId"]}) == by_name
    assert (await asker.refused("dataset", {"datasetId": "0"}))[0] == "DATASET_INVALID"


async def test_nothing_was_withdrawn_where_that_can_be_asked(asker: Asker) -> None:
    assert (await asker.ask("scene-search-delete", {"datasetName": LANDSAT}))["results"] == []
    assert (await asker.refused("scene-search-delete", {"datasetName": "corona2"}))[0] == "DATASET_ERROR"


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("stable/placename", "ENDPOINT_UNAVAILABLE", 404),
        ("stable/tram-order-status", "ENDPOINT_UNAVAILABLE", 404),
        ("stable/no-such-thing", "NOT_FOUND", 404),
        ("stable/login", "NOT_FOUND", 404),
        ("1.4.1/dataset-search", "VERSION_UNKNOWN", 404),
    ],
)
async def test_what_is_not_there_is_said_to_be_so_without_a_key(
    asker: Asker, path: str, code: str, status: int
) -> None:
    asker.key = ""
    answer = await asker.http.post(f"/api/api/json/{path}", json={})
    assert (answer.json()["errorCode"], answer.status_code) == (code, status)


async def test_every_endpoint_that_needs_the_role_is_closed_to_who_may_only_search(asker: Asker) -> None:
    await asker.log_in("search-only")
    for endpoint in ("download-options", "download-request", "download-search", "rate-limit-summary"):
        assert await asker.refused(endpoint, {}) == ("AUTH_UNAUTHROIZED", 403)
    assert await asker.ask("scene-list-types") == []
