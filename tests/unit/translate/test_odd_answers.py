"""Any record that M2M's models accept becomes valid JSON: no value in it is an error later on."""

from __future__ import annotations

import json
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.errors import UpstreamError
from stac_bridge.m2m.errors import Transient, read_data, read_envelope
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.m2m.models.downloads import DownloadAnswer, Product, Retrieved
from stac_bridge.m2m.models.notices import read_messages, read_notifications
from stac_bridge.m2m.models.scenes import read_scene, read_scenes
from stac_bridge.m2m.models.values import read_rows
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator, collection
from stac_bridge.translate.queryables import property_schemas
from tests.odd_values import TEXTS, VALUES, dumped, mutated
from tests.support import FIXTURES, SIGNED, entry_of, examples, raw_scene

UNREADABLE = (ValidationError, KeyError, TypeError, ValueError, AttributeError)
"""What ``M2MSession.request`` turns into an UpstreamFault."""

MAPPINGS = load_mappings()
DATASETS = ["landsat_ot_c2_l2", "corona2"]
TRANSLATORS = {name: Translator(entry_of(name)) for name in DATASETS}
odd = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])


def as_received(value: Any) -> Any:
    """A value as it arrives: by way of JSON, as orjson reads it; None if it refuses it."""
    try:
        return orjson.loads(dumped(value))
    except orjson.JSONDecodeError:
        return None


def numbers_of(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return [number for child in children for number in numbers_of(child)]
    return [value] if isinstance(value, int | float) else []


def check_json(document: Any) -> None:
    """Numbers that JSON and every reader of it can hold; no text that UTF-8 cannot."""
    content = orjson.dumps(document)
    assert json.loads(content) == json.loads(json.dumps(document))
    assert all(abs(number) <= 1.8e308 for number in numbers_of(document))


@odd
@given(name=st.sampled_from(DATASETS), data=st.data())
def test_an_odd_scene_is_refused_or_a_valid_item(name: str, data: st.DataObject) -> None:
    raw = as_received(data.draw(mutated(st.just(raw_scene(name))) | mutated(st.just(raw_scene(name)), TEXTS)))
    try:
        scene = read_scene(raw)
    except UNREADABLE:
        return
    translator = TRANSLATORS[name]
    core = translator.core(scene)
    item = translator.finish(core, scene, "https://bridge.example/", SIGNED)
    check_json(item)
    for link in item["links"]:
        assert link["href"].startswith(("http://", "https://")), link
    for asset in item["assets"].values():
        assert "?u=" not in asset["href"] or asset["href"].partition("?u=")[2].startswith(("http://", "https://")), (
            asset
        )


@pytest.mark.parametrize(
    "place",
    [
        {"type": "Polygon", "coordinates": {"op": None}},
        {"type": "Polygon", "coordinates": 7},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], {"0": 1}, [0, 0]]]},
        {"type": "", "coordinates": [[0, 0]]},
        {"type": "Point", "coordinates": "text"},
        {"type": ["Point"], "coordinates": [1, 2]},
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0]]]]},
        {"type": "GeometryCollection", "coordinates": [1], "geometries": 5},
        {"type": "Polygon", "coordinates": [[[1e300, 0], [1e308, 1], [0, 1], [1e300, 0]]]},
    ],
)
def test_a_place_that_is_no_geometry_is_none(place: Any) -> None:
    for name in DATASETS:
        scene = read_scene(as_received(raw_scene(name) | {"spatialCoverage": place, "spatialBounds": place}))
        assert TRANSLATORS[name].core(scene)["geometry"] is None


@odd
@given(
    page=mutated(st.just({"results": [], "totalHits": 5, "recordsReturned": 5, "startingNumber": 1, "nextRecord": 6}))
)
@example({"results": [], "totalHits": 1e300})
@example({"results": [], "totalHits": -5, "recordsReturned": -1, "startingNumber": -(2**70)})
@example({"results": [], "totalHits": "9" * 5000})
def test_the_counts_of_an_odd_page_are_whole_numbers_that_json_can_hold(page: Any) -> None:
    try:
        scenes = read_scenes(as_received(page))
    except UNREADABLE:
        return
    for count in (scenes.total_hits, scenes.records_returned, scenes.starting_number, scenes.next_record):
        assert 0 <= count < 2**53, scenes


def record(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((FIXTURES / "scenes" / f"dataset__{name}.json").read_bytes())
    return found


FILTERS = orjson.loads((FIXTURES / "scenes" / "filters__landsat_ot_c2_l2.json").read_bytes())["data"]
PRODUCTS = [
    {"productId": "5e839feb28131aac", "productCode": "D183", "productName": "Standard", "downloadSystem": "dds"}
]


@odd
@given(data=st.data(), generic=st.booleans())
def test_an_odd_dataset_is_skipped_or_a_valid_collection(data: st.DataObject, generic: bool) -> None:
    raw = as_received(data.draw(mutated(st.just(record("landsat_ot_c2_l2")))))
    filters = as_received(data.draw(mutated(st.just(FILTERS))))
    products = as_received(data.draw(mutated(st.just(PRODUCTS))))
    try:
        dataset = read_rows(Dataset, [raw])[0]
        details = DatasetDetails(read_rows(DatasetFilter, filters), read_rows(DatasetProduct, products))
    except UNREADABLE:
        return
    mapping = MAPPINGS.for_dataset("nothing_has_this_name" if generic else "landsat_ot_c2_l2")
    entry = Entry(dataset, mapping, details)
    check_json(collection(entry, "https://bridge.example/"))
    check_json(property_schemas(entry.queryables, entry.dataset_filter))
    dumped_again = [model.model_dump(mode="json", by_alias=True) for model in (dataset, *details.filters)]
    check_json(dumped_again)


@odd
@given(data=st.data())
def test_odd_downloads_and_notices_are_refused_or_can_be_written_again(data: st.DataObject) -> None:
    download = {"downloadId": 7, "url": "https://dds.cr.usgs.gov/a", "entityId": "a", "filesize": 5}
    documents = {
        DownloadAnswer: {"availableDownloads": [download], "preparingDownloads": [], "newRecords": {"7": "a"}},
        Retrieved: {"available": [download], "requested": [], "queueSize": 1},
        Product: {"id": "1", "entityId": "a", "displayId": "a", "filesize": 5, "secondaryDownloads": []},
    }
    model = data.draw(st.sampled_from(list(documents)))
    try:
        read = model.model_validate(as_received(data.draw(mutated(st.just(documents[model])))))
    except UNREADABLE:
        return
    check_json(read.model_dump(mode="json"))


@odd
@given(VALUES | mutated(st.just({"a": {"b": {"datasetName": "a", "message": "text", "messageCode": "c"}}})))
def test_odd_notices_are_left_out(raw: Any) -> None:
    received = as_received(raw)
    check_json([notice.model_dump() for notice in (*read_notifications(received), *read_messages(received))])


def deep(levels: int, core: Any) -> Any:
    for _ in range(levels):
        core = [core]
    return core


@pytest.mark.parametrize("levels", [1, 15, 300, 900])
@pytest.mark.parametrize("label", ["WRS Path", "Sun Elevation L0RA", "Start Time", "Sensor Identifier", "Roll Angle"])
def test_a_field_with_lists_in_lists_is_text_without_markup_or_absent(levels: int, label: str) -> None:
    raw = raw_scene("landsat_ot_c2_l2", cloudCover=deep(levels, 1), fields={label: deep(levels, "<b>7</b>")})
    item = TRANSLATORS["landsat_ot_c2_l2"].core(read_scene(as_received(raw)))
    check_json(item)
    assert "<" not in str(item)


def test_an_error_of_m2m_that_is_nested_deeply_is_an_upstream_error() -> None:
    for code in (deep(300, 1), {"a": deep(900, "x")}, deep(900, {})):
        envelope = read_envelope(httpx.Response(200, content=dumped({"errorCode": code, "errorMessage": code})))
        assert envelope is not None
        with pytest.raises((UpstreamError, Transient)):
            read_data(envelope, httpx.Response(200))


@pytest.mark.parametrize("value", [None, [], {}, "a", 7, [None], ["a"], {"a": 1}, [[]], True])
def test_a_record_that_is_something_else_is_unreadable(value: Any) -> None:
    for read in (read_scene, read_scenes):
        with pytest.raises(UNREADABLE):
            read(value)
