"""Items from a file."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from stac_bridge.client.download import read_items
from stac_bridge.client.download.checksum import matches_checksum
from stac_bridge.errors import BadRequest
from tests.unit.client.host import item

ITEM = item(zip={"href": "http://x.test/a.zip"})


def test_a_collection_of_items_and_a_single_one_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "items.json"
    for said in ({"type": "FeatureCollection", "features": [ITEM]}, ITEM):
        path.write_text(json.dumps(said))
        assert read_items(path) == [ITEM]
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(said)))
        assert read_items(Path("-")) == [ITEM]


@pytest.mark.parametrize(
    ("said", "told"),
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
def test_what_is_none_is_told_in_a_sentence(tmp_path: Path, said: Any, told: str) -> None:
    path = tmp_path / "items.json"
    path.write_text(said if isinstance(said, str) else json.dumps(said))
    with pytest.raises(BadRequest, match=told):
        read_items(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        read_items(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("code", "algorithm"),
    [("11", "sha1"), ("12", "sha256"), ("13", "sha512"), ("20", "sha384"), ("16", "sha3_256"), ("d501", "md5")],
)
def test_a_checksum_tells_the_file_from_another(tmp_path: Path, code: str, algorithm: str) -> None:
    digest = hashlib.new(algorithm, b"bytes").digest()
    told = f"{code}{len(digest):02x}{digest.hex()}"
    (tmp_path / "a").write_bytes(b"bytes")
    (tmp_path / "b").write_bytes(b"others")
    assert matches_checksum(tmp_path / "a", told)
    assert not matches_checksum(tmp_path / "b", told)


@pytest.mark.parametrize("told", [None, "", "b220" + "00" * 32, "not hex", "1220"])
def test_a_checksum_that_cannot_be_read_is_held_against_no_file(tmp_path: Path, told: str | None) -> None:
    (tmp_path / "a").write_bytes(b"bytes")
    assert matches_checksum(tmp_path / "a", told)
