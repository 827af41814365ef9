"""What M2M was seen to answer: recordings, fragments of them, and the official reference's own samples."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson

from tests.support import RECORDINGS

__all__ = ["nested", "samples"]

_PRINTED = {"scene-search": ("data", "results"), "download-options": ("data",), "dataset-filters": ("data",)}
"""Where the rows of a printed table stood in the answer."""


def samples(folder: Path = RECORDINGS) -> dict[str, list[Any]]:
    """Endpoint → the answers that are known, as far as they are; ``folder`` is laid out as the shipped recordings."""
    found: dict[str, list[Any]] = defaultdict(list)
    for path in sorted((folder / "recorded").glob("*.json")):
        found[_endpoint(path)].append(_without_notes(orjson.loads(path.read_bytes())))
    for path in sorted((folder / "doc_samples").glob("*__response_*.json")):
        found[_endpoint(path)].append(orjson.loads(path.read_bytes()))
    for path in sorted((folder / "recorded/partial").glob("*.json")):
        if _endpoint(path) in _PRINTED:
            found[_endpoint(path)].append(_printed(path))
    return dict(found)


def _endpoint(path: Path) -> str:
    return path.name.partition("__")[0]


def _without_notes(said: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if not key.startswith("_")}


def _printed(path: Path) -> Any:
    """A table's rows as an answer: a column's dotted name is a path; what was a list or an object is lost."""
    rows = [nested(row) for row in orjson.loads(path.read_bytes())["rows"]]
    answer: Any = rows
    for key in reversed(_PRINTED[_endpoint(path)]):
        answer = {key: answer}
    return answer


def nested(row: dict[str, Any]) -> dict[str, Any]:
    """The object that a row of a printed table was made from, without what the table lost."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        place = found
        for key in path:
            place = place.setdefault(key, {})
        # The table made legacyFieldId a decimal, and wrote null where a row has no such value.
        if (
            not re.match(r"[\[{]", str(value))
            and last != "legacyFieldId"
            and not (value is None and "valueList" in path)
        ):
            place[last] = value
    return found
