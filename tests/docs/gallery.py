"""The gallery of docs/gallery.md, made from the mappings: ``python -m tests.docs.gallery`` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from stac_bridge.mapping import Mapping, load_mappings
from stac_bridge.mapping.model import CollectionText
from stac_bridge.mapping.queryables import queryables_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gallery.md"
PICTURES = "../stac_bridge/pictures"
_PLACE = re.compile(r"(<!-- (datasets|unions): [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = "| picture | Collection |\n|---|---|"


def datasets() -> str:
    """A row for each dataset with a mapping of its own, Landsat first."""
    mappings = load_mappings().by_dataset.values()
    return "\n".join([_HEAD, *(_row(one) for one in sorted(mappings, key=_by_name))])


def unions() -> str:
    """A row for each Collection over several datasets."""
    rows = []
    for one in load_mappings().unions:
        parts = f"over {', '.join(f'`{alias}`' for alias in one.datasets)}"
        rows.append(_card(one.collection, one.collection.title or one.union, f"`{one.union}`", [parts]))
    return "\n".join([_HEAD, *rows])


def _by_name(mapping: Mapping) -> tuple[bool, str]:
    alias = mapping.dataset or ""
    return not alias.startswith("landsat"), alias


def _row(mapping: Mapping) -> str:
    alias = mapping.dataset or ""
    return _card(mapping.collection, mapping.collection.title or alias, f"`{alias}`", list(_counts(mapping)))


def _card(text: CollectionText, title: str, alias: str, facts: list[str]) -> str:
    shown = f"![{title}]({PICTURES}/{text.picture}.jpg)" if text.picture else "no picture"
    words = " ".join((text.description or "").split())
    about = [re.split(r"(?<=[.]) (?=[A-Z])", words)[0]] if words else []
    return f"| {shown} | {'<br>'.join([f'**{title}**', alias, *about, *facts])} |"


def _counts(mapping: Mapping) -> Iterator[str]:
    files = {row.key or name for name, row in mapping.assets.items()}
    assets = f"{len(files)} assets" + ("" if mapping.products is None else " and M2M's products")
    fields = " and all fields of the metadata" if mapping.fields else ""
    pushed = sum(row.filter is not None for row in mapping.properties.values())
    others = " and ".join(slot for slot in ("place", "time") if slot in mapping.slots)
    yield f"{len(queryables_of(mapping))} queryables{fields}; M2M filters by {pushed} of them, and by {others}"
    yield assets


def written(text: str) -> str:
    """The page's text with the tables that belong there."""
    made = {"datasets": datasets, "unions": unions}
    return _PLACE.sub(lambda found: f"{found[1]}{made[found[2]]()}\n{found[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
