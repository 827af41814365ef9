"""The part of the record that is kept in the project: ``python -m tests.recorded_m2m.part`` writes it.

It holds every recorded scene, filter and download option, and of the datasets one of each kind: of each category in
each catalog group, each with a mapping, each whose facts are odd (no bounds or dates, bounds past the globe, a date
before satellites, blanks around text), and some of what is left. The record has no names, addresses and contact ids of
people; whatever looks like one is replaced all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

import orjson

from stac_bridge.mapping import load_mappings
from tests.recorded_m2m.recordings import PART, Recordings, read_shared

__all__ = ["files_of", "part_of", "scrubbed"]

Json = dict[str, Any]

_DATASETS = 120
_ABSTRACT = 300
"""Characters of an abstract that are kept, so that the part stays small."""

_PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+(\.[\w-]+)+"  # mail
    r"|(\+?1[ .-])?(\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[.-]\d{4}\b"  # telephone
    r"|(?<=requestSignature=)[^\"&]+"
    r"|(?<=\"contactId\":)\d+"
)


def part_of(whole: Recordings) -> Recordings:
    """The same with fewer datasets."""
    chosen = {one["datasetAlias"] for one in _chosen(whole)}
    kept = [_shortened(one) for one in whole.datasets if one["datasetAlias"] in chosen]
    return replace(whole, datasets=kept)


def files_of(part: Recordings) -> dict[str, bytes]:
    """What the part is on disk: file name → JSON, with each dataset on a line of its own."""
    return {f"{one.name}.json": scrubbed(_written(getattr(part, one.name))) for one in fields(part)}


def scrubbed(text: str) -> bytes:
    """The text without mail addresses, telephone numbers, signatures and contact ids."""
    return _PERSONAL.sub("0", text).encode()


def _chosen(whole: Recordings) -> list[Json]:
    """One dataset of each kind, and every so many of the others."""
    first: dict[Any, Json] = {}
    for one in whole.datasets:
        for kind in _kinds(one, whole):
            first.setdefault(kind, one)
    known = {one["datasetAlias"]: one for one in first.values()}
    others = [one for one in whole.datasets if one["datasetAlias"] not in known]
    wanted = max(0, _DATASETS - len(known))
    return [*known.values(), *(others[:: -(-len(others) // wanted)] if wanted else ())]


def _kinds(one: Json, whole: Recordings) -> Iterator[tuple[object, ...]]:
    """What makes a dataset worth having: the first of each kind is taken."""
    alias, bounds = one["datasetAlias"], one["spatialBounds"]
    yield "category", *one["catalogs"], _without_year(one["datasetCategoryName"])
    yield from (("no", name) for name, value in one.items() if value in (None, 0))
    yield from (("blanks", name) for name, value in one.items() if isinstance(value, str) and value != value.strip())
    yield "date", str(one["acquisitionStart"])[:2], one["acquisitionEnd"] is None, one["temporalCoverage"] is None
    if bounds:
        off = abs(bounds["east"]) > 180, abs(bounds["west"]) > 180, abs(bounds["north"]) > 90, abs(bounds["south"]) > 90
        yield "bounds", *off, bounds["west"] > bounds["east"], bounds["south"] > bounds["north"]
    if any(alias in of for of in (whole.scenes, whole.filters, whole.products, whole.options)):
        yield "recorded", alias
    if not (alias.startswith("event") or load_mappings().for_dataset(alias).is_generic):
        yield "mapped", alias


def _without_year(category: str | None) -> str | None:
    return category and re.sub(r"^\d{4} ", "", category)


def _shortened(one: Json) -> Json:
    return {**one, "abstractText": one["abstractText"] and one["abstractText"][:_ABSTRACT]}


def _written(value: list[Json] | dict[str, list[Json]]) -> str:
    def line(one: object) -> str:
        return orjson.dumps(one).decode()

    def lines(of: Iterable[str]) -> str:
        return ",\n".join(of)

    if isinstance(value, list):
        return f"[\n{lines(map(line, value))}\n]\n"
    return f"{{\n{lines(f'{line(name)}: {line(rows)}' for name, rows in sorted(value.items()))}\n}}\n"


if __name__ == "__main__":
    PART.mkdir(exist_ok=True)
    for name, content in files_of(part_of(read_shared())).items():
        (PART / name).write_bytes(content)
