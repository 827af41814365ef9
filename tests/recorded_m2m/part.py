"""Writes the recordings that ship with the project: ``python -m tests.recorded_m2m.part``.

They are the files of the whole record under the same names, so that one reader serves both, with two exceptions:

- The list of datasets (1 MB) is cut to one dataset of each kind: of each category in each catalog group, each with a
  mapping, each whose facts are odd (no bounds or dates, bounds past the globe, a date before satellites, blanks around
  text), and some of the rest.
- Samples of endpoints that neither the client nor the sandbox has are left out.

Mail addresses, postal addresses, telephone numbers, signatures, API keys and contact ids are replaced by 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from stac_bridge.mapping import load_mappings
from tests.recorded_m2m.recordings import PART, Recordings, read
from tests.support import SHARED

__all__ = ["files_of", "scrubbed"]

Json = dict[str, Any]

_DATASETS = 120
_ABSTRACT = 300
"""Maximum number of characters of an abstract."""

_SANDBOX_EVENTS = ("event2919", "event2947", "event2951")
"""Events whose facts the sandbox repeats."""

_ALL_DATASETS = "recorded/dataset-search__all__1.json"

_WITHOUT_SAMPLES = ("login-app-guest", "login-sso", "order-", "tram-", "user-preference-")
"""How the endpoints begin whose samples are left out."""

_PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+(\.[\w-]+)+"  # mail
    r"|(\+?1[ .-])?(\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[.-]\d{4}\b"  # telephone
    r"|(?<=requestSignature=)[^\"&]+"
    r"|(?<=\"contactId\":)\d+"
    r"|eyJjaWQ[\w+/=-]+"  # an API key: {"cid": in base64
    r"|(?<=\"address\": \")[^\"]+|(?<=\"contactName\": \")[^\"]+|(?<=\"postalCode\": \")[^\"]+"
)


def files_of(folder: Path) -> dict[str, bytes]:
    """Path in the part → content, for the record in a folder."""
    paths = [*folder.glob("recorded/**/*.json"), *folder.glob("doc_samples/*__response_*.json")]
    names = {path: path.relative_to(folder).as_posix() for path in sorted(paths)}
    texts = {
        name: path.read_text(encoding="utf-8")
        for path, name in names.items()
        if not path.name.startswith(_WITHOUT_SAMPLES)
    }
    texts[_ALL_DATASETS] = _shortened(texts[_ALL_DATASETS], {one["datasetAlias"] for one in _chosen(read(folder))})
    return {name: scrubbed(text) for name, text in texts.items()}


def scrubbed(text: str) -> bytes:
    """The text without mail addresses, telephone numbers, signatures, API keys and contact ids."""
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
    if alias in _SANDBOX_EVENTS or not (alias.startswith("event") or load_mappings().for_dataset(alias).is_generic):
        yield "mapped", alias


def _without_year(category: str | None) -> str | None:
    return category and re.sub(r"^\d{4} ", "", category)


def _shortened(answer: str, aliases: set[str]) -> str:
    """A dataset-search with these datasets alone, each on a line of its own, its abstract cut."""
    envelope = orjson.loads(answer)
    rows = [
        {**one, "abstractText": one["abstractText"] and one["abstractText"][:_ABSTRACT]}
        for one in envelope.pop("data")
        if one["datasetAlias"] in aliases
    ]
    lines = ",\n".join(orjson.dumps(row).decode() for row in rows)
    return f'{orjson.dumps(envelope).decode()[:-1]},"data":[\n{lines}\n]}}\n'


if __name__ == "__main__":
    for name, content in files_of(SHARED / "m2m").items():
        (PART / name).parent.mkdir(parents=True, exist_ok=True)
        (PART / name).write_bytes(content)
