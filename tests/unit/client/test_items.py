"""Items from a file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from stac_bridge.client.download import read_items
from stac_bridge.errors import BadRequest
from tests.unit.client.download.host import item

ITEM = item(zip={"href": "http://x.test/a.zip"})


def test_a_collection_of_items_and_a_single_one_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "items.json"
    for document in ({"type": "FeatureCollection", "features": [ITEM]}, ITEM):
        path.write_text(json.dumps(document))
        assert read_items(path) == [ITEM]
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
        assert read_items(Path("-")) == [ITEM]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("no json", "not JSON"),
        ({"type": "Collection"}, "neither"),
        ([1], "neither"),
        ({"type": "about:blank", "detail": "Give a date."}, "a server's error: Give a date."),
        ({"type": "FeatureCollection", "features": [{"id": "a"}]}, "no STAC Item"),
        ({"type": "FeatureCollection", "features": ["a"]}, "no STAC Item"),
        ({**ITEM, "id": ""}, "no STAC Item"),
        ({**ITEM, "id": 7}, "no STAC Item"),
        ({**ITEM, "assets": {"a": {}}}, "no STAC Item"),
        ({**ITEM, "assets": []}, "no STAC Item"),
    ],
)
def test_other_documents_are_refused_with_a_reason(tmp_path: Path, document: Any, message: str) -> None:
    path = tmp_path / "items.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(BadRequest, match=message):
        read_items(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        read_items(tmp_path / "none.json")
