"""Recognizes what hosts send in place of a file with status 200: login pages, error documents, coded bodies."""

from __future__ import annotations

import codecs
import mimetypes
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SNIFF_BYTES = 512
"""First bytes of a file that are examined: a declaration, comments and a document type precede many pages."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_ERROR_TYPES = ("application/problem+json", "application/problem+xml")
_TEXT_TYPES = ("text/plain", "application/json", "text/json")
_TEXT = re.compile(r"[\t\r\n\x20-\x7e]+")
_BINARY = re.compile(
    r"(?!image/svg)(?:image|audio|video|font)/|application/(?:zip|gzip|pdf|x-(?:tar|gzip|zip|7z|hdf|hdf5|netcdf)|netcdf)"
)

_BEFORE_ROOT = r"(?:\s|<\?.*?\?>|<!--.*?-->)*"
_END = r"(?=[\s/>]|\Z)"
_HTML = re.compile(
    rf"{_BEFORE_ROOT}<(?:!doctype\s+html|html|head|body|title|meta|script|style|iframe|h1|div|table|center|font|br){_END}",
    re.IGNORECASE | re.DOTALL,
)
"""The elements by which browsers recognize HTML (WHATWG MIME Sniffing, section 7.1), without those of one letter."""

_XML_ERROR = re.compile(
    rf"{_BEFORE_ROOT}<(?:[\w-]+:)?(?:errors?|errorresponse|(?:service)?exceptionreport|envelope|fault){_END}",
    re.IGNORECASE | re.DOTALL,
)
"""Errors of object stores (S3, Azure, Google), of OGC services and of SOAP."""

_MARKUP = re.compile(r"\s*<[?!a-z]", re.IGNORECASE)
_JSON = re.compile(r"\s*\{\s*[\"}]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def find_impostor(start: bytes, sent_type: str | None, names: Iterable[str], media_type: str = "") -> str | None:
    """Return what a response is, as a noun, if it is not the file; None if it may be the file.

    ``start`` are its first bytes, ``sent_type`` its Content-Type; the file is expected to have one of ``names`` or to
    be of ``media_type``.

    >>> find_impostor(b"<!DOCTYPE html><title>Sign in</title>", "application/octet-stream", ["a.TIF"])
    'an HTML page'
    >>> find_impostor(b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "application/xml", ["MTL.xml"])
    'an XML error'
    >>> find_impostor(b"<html>", "text/html", ["report.html"]), find_impostor(b"II*", None, ["a.TIF"])
    (None, None)
    """
    expected = _expected_types(names, media_type)
    if expected & set(_HTML_TYPES):
        return None
    text, sent = _decode(start[:SNIFF_BYTES]), (sent_type or "").partition(";")[0].strip().lower()
    if sent in _HTML_TYPES or _HTML.match(text):
        return "an HTML page"
    if _XML_ERROR.match(text):
        return "an XML error"
    if sent in _ERROR_TYPES:
        return "an error document"
    if expected and all(_BINARY.match(kind) for kind in expected):
        if _MARKUP.match(text):
            return "a page of markup"
        if _JSON.match(text):
            return "a JSON document"
        # Only with such a type: the first bytes of a short or partial binary file can be printable, too.
        return "a text" if sent in _TEXT_TYPES and _TEXT.fullmatch(text) else None
    return None


def is_coded(coding: str | None, name: str) -> bool:
    """Return whether a body is compressed for the transfer (Content-Encoding), so that it is not the file's bytes.

    Some servers so describe a file that is compressed itself, whose bytes they send unchanged.

    >>> is_coded("gzip", "a.TIF"), is_coded("gzip", "a.tar.gz"), is_coded("identity", "a.TIF"), is_coded(None, "a.TIF")
    (True, False, False, False)
    """
    codings = {part.strip().lower() for part in (coding or "").split(",")} - {"", "identity"}
    is_gzip = name.lower().endswith((".gz", ".tgz"))
    return bool(codings) and not (is_gzip and codings <= {"gzip", "x-gzip"})


def _expected_types(names: Iterable[str], media_type: str) -> set[str]:
    """Return the media types that the file is known by; none if it may be anything."""
    types = {media_type.partition(";")[0].strip().lower()}
    for name in names:
        kind, compression = mimetypes.guess_type(name)
        types.add("application/gzip" if compression else kind or "")
    return types - {"", "application/octet-stream", "binary/octet-stream"}


def _decode(start: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if start.startswith(mark)), "latin-1")
    return start.decode(encoding, "ignore")
