"""One odd value in an answer about downloads does not spoil the rest of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.m2m.models.downloads import (
    CompletedDownloads,
    DownloadAnswer,
    DownloadLabel,
    Product,
    Retrieved,
    RetrievedDownload,
)

ODD = (None, "", 7, "7", 7.5, True, [], {}, ["a"])
PRODUCT = {"id": "a", "entityId": "b", "displayId": "c"}


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    "name",
    ["entityId", "displayId", "datasetId", "available", "filesize", "productName", "productCode", "downloadSystem"],
)
def test_a_product_is_read_with_an_odd_value_in_any_field(name: str, value: Any) -> None:
    assert Product.model_validate({**PRODUCT, name: value}).product_id == "a"


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    "name",
    ["url", "entityId", "displayId", "productCode", "label", "filesize", "statusCode", "statusText", "errorCode"],
)
def test_a_row_of_the_queue_is_read_with_an_odd_value_in_any_field(name: str, value: Any) -> None:
    queue = {"available": [{"downloadId": "9", name: value}], "requested": None, "queueSize": value}
    assert [row.download_id for row in Retrieved.model_validate(queue).rows] == [9]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("name", ["url", "entityId", "productCode", "eulaCode"])
def test_an_answer_to_a_request_is_read_with_an_odd_value_in_any_field(name: str, value: Any) -> None:
    rows = [{"downloadId": 9, name: value}]
    answer = DownloadAnswer.model_validate(
        {"availableDownloads": rows, "preparingDownloads": rows, "failed": [{name: value}], "numInvalidScenes": value}
    )
    assert [row.download_id for row in (*answer.available, *answer.preparing)] == [9, 9]


@pytest.mark.parametrize("rows", [{"0": PRODUCT, "2": PRODUCT}, [PRODUCT, PRODUCT]])
def test_a_list_with_gaps_comes_as_a_map_by_position(rows: Any) -> None:
    assert len(Product.model_validate({**PRODUCT, "secondaryDownloads": rows}).secondary) == 2


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_labels_and_reports_are_read_with_odd_values(value: Any) -> None:
    assert DownloadLabel.model_validate({"label": value, "downloadCount": value}).incomplete in (0, 1, 7)
    assert CompletedDownloads.model_validate({"failed": value, "updatedDownloadsCount": value}).updated in (0, 1, 7)


@pytest.mark.parametrize(
    ("row", "is_proxied"),
    [
        ({"statusCode": "P", "statusText": "Proxied"}, True),
        ({"statusCode": "P", "statusText": "proxied "}, True),
        ({"statusCode": "P"}, True),
        ({"statusCode": "P", "statusText": "Preparing"}, False),
        ({"statusCode": "A", "statusText": "Available"}, False),
        ({"statusCode": "D"}, False),
        ({}, None),
    ],
)
def test_a_row_is_proxied_by_its_status(row: dict[str, str], is_proxied: bool | None) -> None:
    assert RetrievedDownload.model_validate({"downloadId": 9, **row}).is_proxied is is_proxied
