"""USGS's notices appear as plain text, and a malformed one never breaks a page."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.m2m.models.notices import read_messages, read_notifications
from stac_bridge.translate import collection, with_messages, with_notifications
from tests.support import entry_of
from tests.validation import validate

BASE = "http://here/"
PAGE = {
    "type": "Catalog",
    "stac_version": "1.1.0",
    "id": "stac-bridge",
    "description": "A catalog.",
    "links": [],
}
NOTICE = {
    "id": 46,
    "subject": "Maintenance",
    "dateUpdated": "2020-09-18 14:57:00-05",
    "severityText": "Informational",
    "messageContent": "M2M is <b>down</b> on Wednesday.<br>Come <a href='x'>back</a> on Thursday.",
}
DOWNLOAD = {"message": "Staged<br>first.", "datasetName": "corona2", "messageCode": "download"}
MESSAGES = {"corona2": {"download": DOWNLOAD}}


def test_a_notice_has_no_markup_and_its_time_is_in_utc() -> None:
    page = with_notifications(PAGE, read_notifications([NOTICE]), BASE)
    assert page["m2m:notifications"] == [
        {
            "subject": "Maintenance",
            "severity": "Informational",
            "text": "M2M is down on Wednesday.\nCome back on Thursday.",
            "updated": "2020-09-18T19:57:00Z",
        }
    ]
    assert page["stac_extensions"] == ["http://here/extensions/m2m/v1.0.0/schema.json"]


def test_without_a_notice_a_page_is_unchanged() -> None:
    assert with_notifications(PAGE, (), BASE) == PAGE
    assert with_notifications(PAGE, read_notifications([{**NOTICE, "messageContent": "<br> <p></p>"}]), BASE) == PAGE


@pytest.mark.parametrize("wrong", [{}, {"text": ""}, {"text": "x", "updated": "yesterday"}], ids=str)
def test_the_schema_accepts_a_notice_and_rejects_incomplete_ones(wrong: dict[str, Any]) -> None:
    page = with_notifications(PAGE, read_notifications([NOTICE]), BASE)
    validate(page)
    with pytest.raises(Exception, match="m2m"):
        validate({**page, "m2m:notifications": [wrong]})


def test_a_message_is_a_member_of_its_collection() -> None:
    document = with_messages(collection(entry_of("corona2"), BASE), read_messages(MESSAGES), BASE)
    assert document["m2m:messages"] == [{"dataset": "corona2", "code": "download", "text": "Staged\nfirst."}]
    assert len([url for url in document["stac_extensions"] if "/m2m/" in url]) == 1
    validate(document)


@pytest.mark.parametrize("nonsense", [None, [], "text", 3, {"corona2": []}, {"corona2": {"x": None}}, [None], [{}]])
def test_an_answer_of_another_form_has_no_notices(nonsense: Any) -> None:
    assert read_notifications(nonsense) == ()
    assert read_messages(nonsense) == ()
