"""Large responses are parsed in pieces, with the same result as at once."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.m2m import large_json
from stac_bridge.m2m.large_json import PIECE_BYTES, loads

FILLER = "x" * (PIECE_BYTES // 3)


def envelope(results: list[Any], **data: Any) -> dict[str, Any]:
    return {"requestId": 1, "data": {"results": results, "totalHits": 5, **data}, "errorCode": None}


SCENES = [{"browse": [{"id": 1}, {"id": 2}], "number": number, "text": f"é{FILLER}"} for number in range(20)]


def test_a_long_list_of_scenes_is_parsed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    content, lengths = orjson.dumps(envelope(SCENES)), list[int]()

    def parse(piece: bytes) -> Any:
        lengths.append(len(piece))
        return orjson.loads(piece)

    monkeypatch.setattr(large_json, "orjson", type("Counting", (), {"loads": staticmethod(parse)}))
    assert loads(content) == envelope(SCENES)
    assert max(lengths) < 2 * PIECE_BYTES < len(content)


TRICKY = {
    "scenes with the same key inside": [{"id": [{"id": 1}, {"id": FILLER}]} for _ in range(9)],
    "a text that looks like a cut": [{"id": f'{FILLER}"}},{{"id":'} for _ in range(9)],
    "scenes that begin differently": [{"id": FILLER}, {"name": FILLER}] * 5,
    "results inside a scene": [{"results": [{"results": FILLER}]} for _ in range(9)],
    "one scene": [{"id": 9 * FILLER}],
    "no scene": [],
    "no objects": [FILLER] * 9,
}


@pytest.mark.parametrize("results", TRICKY.values(), ids=TRICKY)
def test_any_list_is_parsed_as_at_once(results: list[Any]) -> None:
    for document in (envelope(results), envelope([], other={"results": results}), {"results": results}, results):
        assert loads(orjson.dumps(document)) == document


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"data":{"results":[{"id":1' + b" " * PIECE_BYTES])
def test_what_is_no_json_is_an_error(content: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        loads(content)


def test_deep_nesting_is_parsed_as_at_once() -> None:
    nested = b"[" * 1000 + b"]" * 1000
    content = b'{"data":{"results":[{"id":"%s"},{"id":%s}]}}' % (FILLER.encode() * 4, nested)
    first, second = loads(content)["data"]["results"]
    assert first == {"id": FILLER * 4}
    assert len(second["id"]) == 1


VALUES = st.recursive(
    st.integers(-9, 9) | st.sampled_from(["", "é", '"},{"a":', "\\", FILLER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@given(results=st.lists(st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2), max_size=8))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_random_lists_are_parsed_as_at_once(results: list[Any]) -> None:
    document = envelope(results, more=FILLER * 3)
    assert loads(orjson.dumps(document)) == document
