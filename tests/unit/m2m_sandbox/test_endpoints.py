"""Tests that responses about datasets and the service have the structure of M2M's samples."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.support import RECORDINGS
from tests.unit.m2m_sandbox.sandbox_client import LANDSAT, SandboxClient

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
async def test_a_response_has_the_keys_of_the_sample(client: SandboxClient, endpoint: str) -> None:
    sample = orjson.loads((RECORDINGS / f"doc_samples/{endpoint}__response_1.json").read_bytes())["data"]
    data = await client.call(endpoint, SAMPLED[endpoint])
    if endpoint == "dataset-file-groups":
        sample, data = (
            [group for item in payload["secondary"].values() for group in item.values()] for payload in (sample, data)
        )
    assert keys(data) == keys(sample)


def keys(payload: Any) -> Any:
    """The keys of an object, or of a list's first element."""
    return sorted(payload[0] if payload else ()) if isinstance(payload, list) else sorted(payload)


async def test_categories_have_all_datasets_with_a_category(client: SandboxClient) -> None:
    categories = await client.call("dataset-categories", {"catalog": "EE"})
    names = {item["datasetAlias"] for category in categories.values() for item in category["datasets"]}
    listed = await client.call("dataset-search", {"catalog": "EE"})
    assert names == {item["datasetAlias"] for item in listed if item["datasetCategoryName"]}
    assert {key: category["id"] for key, category in categories.items()} == {key: key for key in categories}


async def test_messages_are_grouped_by_dataset_and_an_empty_list_without_any(client: SandboxClient) -> None:
    messages = await client.call("dataset-messages", {"datasetName": LANDSAT})
    assert list(messages) == [LANDSAT]
    assert "<br>" in messages[LANDSAT]["dataset-select"]["message"]
    assert await client.call("dataset-messages", {"datasetName": "naip"}) == []


async def test_notifications_are_selected_by_system(client: SandboxClient) -> None:
    (notice,) = await client.call("notifications", {"systemId": "M2M"})
    assert notice["severityCode"] == "I"
    assert await client.call("notifications", {"systemId": "GV"}) == []


async def test_grid2ll_returns_the_center_or_the_corners(client: SandboxClient) -> None:
    point = await client.call("grid2ll", {"gridType": "WRS2", "path": "47", "row": "27"})
    ((center),) = point["coordinates"]
    assert abs(center["latitude"] - 47.4) < 0.3
    ring = await client.call("grid2ll", {"gridType": "WRS2", "path": 47, "row": 27, "responseShape": "polygon"})
    latitudes = [item["latitude"] for item in ring["coordinates"]]
    assert min(latitudes) < center["latitude"] < max(latitudes)
    assert (await client.error("grid2ll", {"path": 234, "row": 1}))[0] == "INPUT_PARAMETER_INVALID"
    assert (await client.error("grid2ll", {"gridType": "WRS1", "path": 1, "row": 1}))[0] == "INPUT_PARAMETER_INVALID"


async def test_a_dataset_can_be_selected_by_id(client: SandboxClient) -> None:
    by_name = await client.call("dataset", {"datasetName": LANDSAT})
    assert await client.call("dataset", {"datasetId": by_name["datasetId"]}) == by_name
    assert (await client.error("dataset", {"datasetId": "0"}))[0] == "DATASET_INVALID"


async def test_deleted_scenes_are_empty_for_datasets_that_support_the_search(client: SandboxClient) -> None:
    assert (await client.call("scene-search-delete", {"datasetName": LANDSAT}))["results"] == []
    assert (await client.error("scene-search-delete", {"datasetName": "corona2"}))[0] == "DATASET_ERROR"


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
async def test_a_missing_endpoint_or_version_is_an_error_even_without_a_key(
    client: SandboxClient, path: str, code: str, status: int
) -> None:
    client.key = ""
    response = await client.http.post(f"/api/api/json/{path}", json={})
    assert (response.json()["errorCode"], response.status_code) == (code, status)


async def test_download_endpoints_reject_accounts_without_the_role(client: SandboxClient) -> None:
    await client.log_in("search-only")
    for endpoint in ("download-options", "download-request", "download-search", "rate-limit-summary"):
        assert await client.error(endpoint, {}) == ("AUTH_UNAUTHROIZED", 403)
    assert await client.call("scene-list-types") == []
