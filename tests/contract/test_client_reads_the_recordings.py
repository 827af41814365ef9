"""The recordings are a treaty: the client reads every one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamFault
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
from stac_bridge.m2m.models.datasets import Dataset
from tests.support import RECORDINGS, SHARED, Script, m2m_client, needs_shared

RECORDED = sorted((RECORDINGS / "recorded").glob("*.json"))

METHODS: dict[str, Callable[[M2MClient], Awaitable[Any]]] = {
    "dataset-search": lambda client: client.dataset_search(DatasetSearch(catalog="EE")),
    "dataset-filters": lambda client: client.dataset_filters("any"),
    "dataset-download-options": lambda client: client.dataset_download_options("any"),
    "scene-search": lambda client: client.scene_search(SceneSearch(dataset="any")),
    "scene-metadata": lambda client: client.scene_metadata("any", "any"),
    "scene-list-add": lambda client: client.scene_list_add("list", "any", ["any"]),
    "download-options": lambda client: client.download_options("any", ["any"]),
    "download-request": lambda client: client.download_request([], "any"),
    "download-retrieve": lambda client: client.download_retrieve("any"),
}
OTHERWISE = {"dataset", "http-headers", "scene-list-get", "error"}
"""Recordings of what the client does not ask for, or reads in a test of its own."""


def spoken(path: Path) -> dict[str, Any]:
    """A recording as an answer; fragments lack the envelope."""
    return {"errorCode": None, "errorMessage": None, **orjson.loads(path.read_bytes())}


def endpoint_of(path: Path) -> str:
    return path.name.partition("__")[0]


def client_that_hears(path: Path) -> M2MClient:
    said = httpx.Response(200, json=spoken(path))
    return m2m_client(Script(dict.fromkeys(METHODS, said)), attempts=1)


READABLE = [path for path in RECORDED if endpoint_of(path) in METHODS]


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
async def test_the_client_reads_every_recorded_answer_and_loses_no_element(path: Path) -> None:
    found = await METHODS[endpoint_of(path)](client_that_hears(path))
    data = spoken(path)["data"]
    if isinstance(data, list):
        assert len(found) == len(data)
    elif isinstance(data, int):
        assert found == data
    elif "results" in data:
        assert len(found.results) == len(data["results"]) > 0
        assert found.total_hits == data["totalHits"]
    elif "metadata" in data:
        assert len(found.fields) == len(data["metadata"])


def test_no_recording_is_passed_over() -> None:
    assert {endpoint_of(path) for path in RECORDED} <= {*METHODS, *OTHERWISE}


@pytest.mark.parametrize("path", [path for path in RECORDED if endpoint_of(path) == "error"], ids=str)
async def test_a_recorded_error_is_told_in_its_kind(path: Path) -> None:
    kinds: dict[str, type[UpstreamError]] = {"RATE_LIMIT": UpstreamBusy, "DATASET_INVALID": UpstreamFault}
    code = path.name.split("__")[1].removesuffix(".json")
    with pytest.raises(kinds[code]) as error:
        await client_that_hears(path).scene_search(SceneSearch(dataset="any"))
    assert error.value.code == code


async def test_what_is_read_says_what_was_recorded() -> None:
    path = RECORDINGS / "recorded" / "scene-metadata__landsat_8_c1__1.json"
    scene = await client_that_hears(path).scene_metadata("any", "any")
    assert scene is not None
    assert (scene.entity_id, scene.cloud_cover) == ("LC82260782020217LGN00", "0.03")
    assert scene.fields["acquisition date"] == "2020/08/04"
    assert scene.browse[0].browse_path is not None


async def test_a_datasets_bounds_and_coverage_are_read_from_their_odd_forms() -> None:
    path = RECORDINGS / "recorded" / "dataset-search__event1058-and-others__1.json"
    unknown, katrina = await client_that_hears(path).dataset_search(DatasetSearch(catalog="HDDS"))
    assert (unknown.spatial_bounds, unknown.temporal_coverage) == (None, None)
    assert katrina.temporal_coverage == ("1897-04-05 00:00:00-06", "2020-06-30 00:00:00-05")
    assert katrina.spatial_bounds is not None
    assert katrina.spatial_bounds.west == -90.834243


@needs_shared
async def test_the_client_reads_the_whole_recorded_list_and_keeps_each_dataset() -> None:
    path = SHARED / "m2m" / "recorded" / "dataset-search__all__1.json"
    datasets = await client_that_hears(path).dataset_search(DatasetSearch(catalog="EE"))
    assert len(datasets) == len(spoken(path)["data"]) == 843
    assert [Dataset.model_validate(one.model_dump(mode="json", by_alias=True)) for one in datasets] == [*datasets]


@pytest.mark.parametrize(
    "path", [path for path in READABLE if "dataset-search" in path.name], ids=lambda path: path.stem
)
async def test_a_dataset_that_is_kept_comes_back_the_same(path: Path) -> None:
    for dataset in await client_that_hears(path).dataset_search(DatasetSearch(catalog="EE")):
        assert Dataset.model_validate(dataset.model_dump(mode="json", by_alias=True)) == dataset
