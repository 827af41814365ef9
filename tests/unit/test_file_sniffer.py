"""Pages and error documents are recognized in any spelling, and files never taken for one."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.file_sniffer import SNIFF_BYTES, find_impostor

FILES = [
    ("B4.TIF", "image/tiff; application=geotiff"),
    ("a.tar", "application/x-tar"),
    ("a.zip", ""),
    ("a.tar.gz", ""),
    ("MTL.txt", "text/plain"),
    ("MTL.json", "application/json"),
    ("d410", "application/octet-stream"),
    ("frame", ""),
    ("browse.jpg", "image/jpeg"),
]
TYPES = [None, "", "application/octet-stream", "binary/octet-stream", "image/tiff", "text/plain", "application/xml"]
BEFORE = ["", "\n\t ", "<!-- a comment -->", "<?xml version='1.0' encoding='UTF-8' standalone=\"yes\"?>\r\n"]
PAGES = ["<!doctype html>", "<html>", "<html lang=en>", "<head><title>Sign in", "<body bgcolor=white>", "<h1>502 Bad"]
ERRORS = ["<Error><Code>AccessDenied</Code>", "<Error>", "<ows:ExceptionReport xmlns:ows='x'>", "<soap:Envelope>"]
MARKS = [
    (b"", "utf-8"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
MAGIC = [
    b"II*\0",
    b"MM\0*",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n",
    b"PK\3\4",
    b"\x1f\x8b",
    b"\x89HDF\r\n",
    b"CDF\1",
    b"LC08",
    b"%PDF",
]


@given(
    file=st.sampled_from(FILES),
    sent=st.sampled_from(TYPES),
    before=st.lists(st.sampled_from(BEFORE), max_size=3),
    root=st.sampled_from(PAGES + ERRORS),
    change_case=st.sampled_from([str, str.lower, str.upper, str.title]),
    mark=st.sampled_from(MARKS),
)
def test_a_page_or_an_error_is_never_taken_for_a_file(
    file: tuple[str, str],
    sent: str | None,
    before: list[str],
    root: str,
    change_case: type[str],
    mark: tuple[bytes, str],
) -> None:
    name, media_type = file
    start = mark[0] + ("".join(before) + change_case(root) + "…" * 300).encode(mark[1])
    assert find_impostor(start, sent, [name], media_type)


@given(
    file=st.sampled_from([*FILES, ("MTL.xml", "application/xml"), ("a.kml", ""), ("a.html", "")]),
    sent=st.sampled_from(TYPES),
    magic=st.sampled_from(MAGIC),
    rest=st.binary(max_size=600),
)
def test_bytes_with_a_files_signature_are_never_taken_for_a_page(
    file: tuple[str, str], sent: str | None, magic: bytes, rest: bytes
) -> None:
    assert find_impostor(magic + rest, sent, [file[0]], file[1]) is None


@given(st.binary(max_size=2 * SNIFF_BYTES), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_bytes_or_names_are_an_error(start: bytes, sent: str, name: str, media_type: str) -> None:
    find_impostor(start, sent, [name], media_type)


@pytest.mark.parametrize(
    ("start", "name", "media_type"),
    [
        (b"<?xml version='1.0'?>\n<LANDSAT_METADATA_FILE>", "MTL.xml", "application/xml"),
        (b"<?xml version='1.0'?>\n<metadata>", "fgdc", ""),
        (b"<!DOCTYPE html><html>", "report.html", ""),
        (b"<html>", "index", "text/html"),
        (b'{"LANDSAT_METADATA_FILE": {}}', "MTL.json", "application/json"),
        (b'{"type": "FeatureCollection"}', "footprint", "application/octet-stream"),
        (b"<svg xmlns='x'>", "map.svg", "image/svg+xml"),
        (b"<htmx", "a.xml", ""),
        (b"", "a.tif", "image/tiff"),
    ],
)
def test_markup_is_the_file_if_the_file_is_markup(start: bytes, name: str, media_type: str) -> None:
    assert find_impostor(start, None, [name], media_type) is None


@pytest.mark.parametrize(
    ("start", "sent", "impostor"),
    [
        (b'{"errorCode": "AUTH_INVALID"}', "application/json", "a JSON document"),
        (b"{}", None, "a JSON document"),
        (b"<kml>", None, "a page of markup"),
        (b"error code: 1020\n", "text/plain; charset=UTF-8", "a text"),
        (b"[]", "application/json", "a text"),
        (b"II*", "text/html; charset=utf-8", "an HTML page"),
        (b"x", "application/problem+json", "an error document"),
    ],
)
def test_a_binary_file_is_no_text(start: bytes, sent: str | None, impostor: str) -> None:
    assert find_impostor(start, sent, ["B4.TIF"], "image/tiff") == impostor
