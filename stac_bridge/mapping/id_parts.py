"""Reads the parts of an id by a template: ``SRTM{arc:1}{latitude:3}{longitude:4}V{version}``."""

from __future__ import annotations

import re
from collections.abc import Callable

ReadParts = Callable[[str], dict[str, str] | None]
"""Returns an id's parts by name; None if the id has another form."""

_PIECE = re.compile(r"\{(?P<name>[a-z]+)(?::(?P<length>\d+))?\}|(?P<text>[^{}]+)")


def parts_reader(template: str) -> ReadParts:
    """Return the function that splits ids by a template. Raises ValueError if it is not one.

    ``{name:3}`` is a part of three characters, ``{name}`` one of any length, both without underscores; ``*`` is any
    text and ``?`` any character. Letters match in either case.

    >>> parts_reader("SRTM{arc:1}{latitude:3}{longitude:4}V*")("SRTM1N33W099V3")
    {'arc': '1', 'latitude': 'N33', 'longitude': 'W099'}
    >>> parts_reader("????_{region}_{column:3}{row:3}_*")("SRTM1N33W099V3") is None
    True
    """
    pieces = list(_PIECE.finditer(template))
    if "".join(piece[0] for piece in pieces) != template:
        raise ValueError(f"{template!r} is no template of an id")
    pattern = re.compile("".join(map(_pattern, pieces)), re.IGNORECASE)

    def read(identifier: str) -> dict[str, str] | None:
        match = pattern.fullmatch(identifier)
        return match.groupdict() if match else None

    return read


def part_names(template: str) -> frozenset[str]:
    """Return the names in a template.

    >>> sorted(part_names("{latitude}_{longitude}_{arc}arc"))
    ['arc', 'latitude', 'longitude']
    """
    return frozenset(piece["name"] for piece in _PIECE.finditer(template) if piece["name"])


def _pattern(piece: re.Match[str]) -> str:
    if piece["name"]:
        length = f"{{{piece['length']}}}" if piece["length"] else "+?"
        return f"(?P<{piece['name']}>[^_]{length})"
    return re.escape(piece["text"]).replace(r"\*", ".*").replace(r"\?", ".")
