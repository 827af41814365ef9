"""How an interrupted download is resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from stac_bridge.client.download.part_file import FileState, PartFile, resume_headers, resume_offset

STATE = FileState(100, '"one"', "Sat, 31 Oct 2026 00:00:00 GMT")


@pytest.mark.parametrize(
    ("state", "validator"),
    [
        (STATE, '"one"'),
        (FileState(100, 'W/"weak"', "Sat, 31 Oct 2026 00:00:00 GMT"), "Sat, 31 Oct 2026 00:00:00 GMT"),
        (FileState(100, None, "Sat, 31 Oct 2026 00:00:00 GMT"), "Sat, 31 Oct 2026 00:00:00 GMT"),
    ],
)
def test_the_rest_is_requested_with_a_validator(state: FileState, validator: str) -> None:
    assert resume_headers(40, state) == {"Range": "bytes=40-", "If-Range": validator}


@pytest.mark.parametrize("state", [FileState(100), FileState(100, 'W/"weak"')])
def test_without_a_validator_the_whole_file_is_requested(state: FileState) -> None:
    assert resume_headers(40, state) == {}


@pytest.mark.parametrize(
    ("status", "headers", "start"),
    [
        (200, {"content-length": "100"}, 0),
        (206, {"content-range": "bytes 40-99/100"}, 40),
        (206, {"content-range": "bytes 40-99/100", "etag": '"one"'}, 40),
        (206, {"content-range": "bytes 41-99/100"}, None),
        (206, {"content-range": "bytes 0-99/100"}, None),
        (206, {"content-range": "bytes 40-120/121"}, None),
        (206, {"content-range": "bytes 40-99/100", "etag": '"two"'}, None),
        (206, {"content-range": "bytes 40-99/100", "last-modified": "Sun, 01 Nov 2026 00:00:00 GMT"}, None),
        (206, {}, None),
    ],
)
def test_a_response_resumes_starts_over_or_is_useless(status: int, headers: dict[str, str], start: int | None) -> None:
    assert resume_offset(status, headers, 40, STATE) == start


def test_a_damaged_or_foreign_state_file_is_ignored(tmp_path: Path) -> None:
    for text in ("", '{"etag": ', "[]", '{"other": 1}'):
        (tmp_path / "a.part.json").write_text(text)
        assert PartFile(tmp_path / "a").state == FileState()
