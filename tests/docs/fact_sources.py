"""Where the facts in the mappings come from: a recording, a section of the reference, or an inference.

A fact is recorded if a recording of the dataset in ``tests/contract/recordings`` contains it. Else its source is the
section that the mapping's comment above the row or above its table cites, else the section of
``docs/m2m-reference.md`` with a paragraph about the family that names it. Any other fact is inferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import orjson

from stac_bridge.mapping.loader import family_file
from stac_bridge.mapping.yaml_files import RowPath, read_rows
from tests.support import RECORDINGS, REFERENCE

RECORDED = "recording"
INFERRED = "inference"

Kind = Literal["field", "filter", "product", "name", "scene", "file"]
"""What a fact is about: a metadata field, a filter or its column, a product's code or name, a scene's attribute, a
file name."""

_KEYS: dict[str, Kind] = {
    "fieldName": "field",
    "fieldLabel": "filter",
    "productCode": "product",
    "productName": "name",
    "fileName": "file",
    "displayId": "file",
    "entityIds": "file",
}
"""By key of a recorded answer: what its texts are. Display ids and entity ids of secondary products are file names."""

_SECTIONS: dict[Kind, tuple[str, ...]] = {
    "field": ("6", "15", "5"),
    "filter": ("7", "15"),
    "product": ("8", "15", "6"),
    "name": ("8", "15", "6"),
    "file": ("8", "15"),
    "scene": ("5",),
}
"""The sections of the reference about facts of a kind, in the order in which they are searched."""

_CITATION = re.compile(r"REFERENCE\s+§([\d, §]*\d)")


@dataclass(frozen=True)
class Recorded:
    """A text in a recording: the recording's name, the dataset's alias, what the text is, and the text."""

    recording: str
    dataset: str
    kind: Kind
    text: str


@cache
def recorded() -> tuple[Recorded, ...]:
    """Return the labels, product names, file names and attributes of scenes in the recordings that ship."""
    facts: list[Recorded] = []
    for path in sorted((RECORDINGS / "recorded").rglob("*.json")):
        endpoint, dataset, _number = path.stem.split("__") if path.stem.count("__") == 2 else (path.stem, "all", "")
        exported = endpoint == "ee-csv-export"
        facts += _texts(orjson.loads(path.read_bytes()), path.stem, dataset, columns_are_fields=exported)
    return tuple(dict.fromkeys(facts))


def _texts(value: Any, recording: str, dataset: str, key: str = "", *, columns_are_fields: bool) -> Iterator[Recorded]:
    if isinstance(value, str) and key in _KEYS:
        kind = _KEYS[key]
        yield Recorded(recording, dataset, kind, _file_name(value) if kind == "file" else plain(value))
    elif isinstance(value, dict):
        dataset = str(value.get("datasetAlias", dataset))
        for name, child in value.items():
            if columns_are_fields:
                yield Recorded(recording, dataset, "field", plain(name))
            elif recording.startswith("scene-"):
                yield Recorded(recording, dataset, "scene", name.rpartition(".")[2])
            yield from _texts(child, recording, dataset, name, columns_are_fields=columns_are_fields)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child, recording, dataset, key, columns_are_fields=columns_are_fields)


def _file_name(text: str) -> str:
    """Return a file's name in the form that M2M's entity ids of files have, without the prefix of their group."""
    return re.sub(r"^l[12](s[rt])?_(?=l)", "", text.lower().replace(".", "_"))


def plain(label: str) -> str:
    """Return a label as M2M's labels are compared: in lower case, with single blanks."""
    return " ".join(label.split()).lower()


def recordings_of(patterns: Iterable[str]) -> list[str]:
    """Return the names of the recordings of datasets with these aliases or patterns."""
    wanted = list(patterns)
    names = (fact.recording for fact in recorded() if any(fnmatchcase(fact.dataset, pattern) for pattern in wanted))
    return list(dict.fromkeys(names))


@cache
def _reference() -> dict[str, list[str]]:
    """Return the paragraphs, list items and table rows of the reference by section."""
    parts = re.split(r"^## (\d+)\. .*$", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {number: text.splitlines() for number, text in zip(parts[1::2], parts[2::2], strict=True)}


@dataclass(frozen=True)
class Sources:
    """The sources of one mapping's facts; ``topic`` is how the reference calls its family."""

    file: Path
    dataset: str
    topic: str

    def of(self, kind: Kind, text: str, row: RowPath = ()) -> str:
        """Return the source of a label, of a product's code or pattern of names, or of an attribute of scenes."""
        if kind == "scene":  # Scenes of all datasets have the same attributes.
            is_recorded = any(fact.kind == kind and fact.text == text for fact in recorded())
        else:
            facts = [fact.text for fact in recorded() if fact.kind == kind and fnmatchcase(fact.dataset, self.dataset)]
            is_recorded = any(fnmatchcase(fact, plain(text)) for fact in facts)
        return RECORDED if is_recorded else self._else(kind, text, row)

    def of_file(self, end: str, ids: Iterable[str], row: RowPath) -> str:
        """Return the source of the end of a file name, after a display id of one of these patterns."""
        names = [f"{pattern}_{_file_name(end)}".lower() for pattern in ids]
        files = (fact.text for fact in recorded() if fact.kind == "file")
        return (
            RECORDED
            if any(fnmatchcase(file, name) for file in files for name in names)
            else self._else("file", end, row)
        )

    def of_row(self, row: RowPath) -> str:
        """Return the sections that the comments above a row or above its table cite, else that it is inferred."""
        return ", ".join(f"§{number}" for number in self._cited(row)) or INFERRED

    def _else(self, kind: Kind, text: str, row: RowPath) -> str:
        return self.of_row(row) if self._cited(row) else self._described(kind, text) or INFERRED

    def _cited(self, row: RowPath) -> list[str]:
        lines = _lines(self.file)
        return _numbers_above(*lines[row]) if row in lines else []

    def _described(self, kind: Kind, text: str) -> str | None:
        """Return the section with a paragraph about the family that lists this text."""
        # A label can be an everyday word, so it has to be an element of a list; a product's code cannot.
        is_code = re.fullmatch(r"D\d{3}", text)
        listed = re.compile(
            rf"\b{text}\b" if is_code else rf"(?:[,:;(|] |[`/]){re.escape(text)}(?:[`,.;|/]| \(| in | [\da-f]{{15}})"
        )
        for number in _SECTIONS[kind]:
            if any(re.search(self.topic, line) and listed.search(line) for line in _reference()[number]):
                return f"§{number}"
        return None


@cache
def _lines(file: Path) -> dict[RowPath, tuple[Path, int]]:
    """Return the file and line of each row of a mapping."""
    return read_rows(file, lambda name: family_file(file.parent, name)).lines


def _numbers_above(file: Path, line: int) -> list[str]:
    """Return the sections cited in the comment above a row at a line (from 1), else in that above its table."""
    lines = file.read_text(encoding="utf-8").splitlines()
    table = next(number for number in range(line, 0, -1) if lines[number - 1][:1].strip("# "))
    for first in (line, table):
        comment = " ".join(_comment_above(lines[: first - 1]))
        if cited := _CITATION.findall(comment):
            return list(dict.fromkeys(chain.from_iterable(re.findall(r"\d+", numbers) for numbers in cited)))
    return []


def _comment_above(above: list[str]) -> list[str]:
    """Return the comment that ends these lines; a blank line may follow it."""
    end = len(above) - 1 if above and not above[-1].strip() else len(above)
    start = end
    while start and above[start - 1].lstrip().startswith("#"):
        start -= 1
    return [line.strip(" #") for line in above[start:end]]


def joined(sources: Iterable[str]) -> str:
    """Return different sources in one text: recording, sections of the reference by number, inference.

    >>> joined(["inference", "REFERENCE §15", "recording", "REFERENCE §6, §15"])
    'recording, REFERENCE §6, §15, inference'
    """
    single = {part.removeprefix("REFERENCE ") for source in sources for part in source.split(", ") if part}
    sections = sorted((part for part in single if part.startswith("§")), key=lambda part: int(part[1:]))
    reference = [f"REFERENCE {', '.join(sections)}"] if sections else []
    return ", ".join([RECORDED] * (RECORDED in single) + reference + [INFERRED] * (INFERRED in single))
