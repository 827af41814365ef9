"""No header that a client or a host sends is an error, whatever is in it."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from stac_bridge.api.middleware.compression import BROTLI, GZIP, IDENTITY, choose_coding
from stac_bridge.api.staging import preferred
from stac_bridge.assets.read.ranges import RangeNotSatisfiable, read_ranges
from stac_bridge.http_conditions import is_not_modified, is_precondition_failed, is_range_valid
from stac_bridge.http_headers import read_filename, read_weights

PIECES = ["gzip", "br", "*", "q=", ";", ",", "=", '"', "\\", "W/", "0", "1", ".5", "-", "bytes", "filename", "UTF-8''"]
VALUES = st.lists(st.sampled_from(PIECES) | st.text(max_size=4)).map("".join)
DATES = st.sampled_from(["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Foo 99999 00:00:00 -0000", "0", ""])


@given(VALUES)
@example("gzip;q=nan")
@example('gzip;a="')
def test_any_accept_header_is_parsed_to_weights_from_0_to_1(value: str) -> None:
    assert all(0 <= weight <= 1 for weight in read_weights(value).values())
    assert choose_coding(value) in (BROTLI, GZIP, IDENTITY)
    preferred(value)


@given(VALUES)
@example("attachment; filename*=nonsense''%ff")
@example("attachment; filename*0*=UTF-8''a; filename*2=b")
@example('attachment; filename="a\r\nb"')
def test_any_content_disposition_is_parsed_to_a_name_without_folders_or_a_query(value: str) -> None:
    for disposition in (value, f"attachment; filename={value}", f"attachment; filename*=UTF-8''{value}"):
        name = read_filename(disposition)
        assert name is None or (name and not set("/\\?\r\n") & set(name))


@given(VALUES, st.integers(0, 10**15))
def test_any_range_header_is_parsed_to_ranges_within_the_file(value: str, size: int) -> None:
    for header in (value, f"bytes={value}"):
        try:
            ranges = read_ranges(header, size)
        except RangeNotSatisfiable:
            continue
        assert ranges is None or all(0 <= part.start < part.stop <= size for part in ranges)


@given(VALUES | DATES, st.none() | VALUES, st.none() | DATES)
def test_any_condition_is_decided(value: str, etag: str | None, last_modified: str | None) -> None:
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"):
        is_not_modified({name: value}, etag, last_modified)
        is_precondition_failed({name: value}, etag, last_modified)
    is_range_valid(value, etag, last_modified)
