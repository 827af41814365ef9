"""The table of families in docs/datasets.md, made from the mappings: ``python -m tests.docs.datasets_table``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from stac_bridge.mapping import Mapping, Row, load_mappings
from stac_bridge.mapping.model import IdForm

DOC = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"
_UNIONS = re.compile(r"(<!-- unions: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_IDS = re.compile(r"(<!-- ids: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_SPANS = re.compile(r"(<!-- spans: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_PLACE = re.compile(r"(<!-- families: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)


def table() -> str:
    """A row for each dataset with a mapping of its own, then for each pattern, then for all others."""
    rows = ["| dataset | properties | grid | times | assets | filters |", "|---|---|---|---|---|---|"]
    mappings = load_mappings()
    own = sorted(mappings.by_dataset.values(), key=lambda one: one.dataset or "")
    patterns = sorted(mappings.by_pattern, key=lambda one: one.dataset or "")
    for one in (*own, *patterns, mappings.generic):
        cells = (_properties(one), _grid(one), _times(one), _assets(one), _filters(one))
        rows.append(f"| {f'`{one.dataset}`' if one.dataset else 'any other'} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _properties(mapping: Mapping) -> str:
    kinds: dict[str, list[str]] = {"exact": [], "derived": [], "fixed": []}
    for name, row in mapping.properties.items():
        kinds[_kind(row)].append(f"`{name}`")
    said = [f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names]
    return "; ".join([*said, "*fields*"] if mapping.fields else said)


def _kind(row: Row) -> str:
    if row.is_constant:
        return "fixed"
    return "derived" if row.convert.startswith("part-") else "exact"


def _grid(mapping: Mapping) -> str:
    if mapping.tiles or mapping.degree_tiles:
        return "exact, by the tile"
    if mapping.grid and mapping.grid.corners:
        return f"exact, {mapping.grid.resolution:g} m"
    return "CRS" if mapping.grid or "proj:code" in mapping.properties else "absent"


def _times(mapping: Mapping) -> str:
    first = mapping.item.start_datetime.chain[0]
    if first.is_constant:
        return "fixed"
    if first.convert != "instant":
        return "day"
    return "exact, middle" if mapping.item.datetime == "middle" else "exact or day"


def _assets(mapping: Mapping) -> str:
    files = len({row.key or name for name, row in mapping.assets.items() if row.file})
    pictures = sum(row.browse is not None for row in mapping.assets.values())
    said = [f"{files} files"] if files else []
    return ", ".join([*said, f"{pictures} pictures", *([_products(mapping)] if mapping.products is not None else [])])


def _products(mapping: Mapping) -> str:
    """The products that the mapping itself tells of; those that any dataset can have are the generic one's."""
    generic = load_mappings().generic.products or {}
    rows = {name: row for name, row in (mapping.products or {}).items() if row and row != generic.get(name)}
    types = dict.fromkeys(f"{row.key or 'product'} `{row.suffix}`" for row in rows.values())
    return f"products ({', '.join(types)})" if types else "products"


def _filters(mapping: Mapping) -> str:
    """The properties that M2M can filter by, by whether its hits are tested on Items."""
    kinds: dict[str, list[str]] = {"exact": [], "tested": [], "M2M alone": []}
    for name, row in {"id": mapping.item.id, **mapping.properties}.items():
        if kind := _filter_kind(row):
            kinds[kind].append(f"`{name}`")
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names) or "none"


def _filter_kind(row: Row) -> str | None:
    known = row.filter
    if known is None:
        return None
    if known.keys == "unchecked":
        return "M2M alone"
    if known.keys != "same":
        return "tested"
    if known.label and row.otherwise and not known.agrees:
        return None
    is_whole = row.convert.startswith("digits-") or row.convert == "integer"
    return "exact" if known.equals or (known.between and is_whole) else "tested"


def unions() -> str:
    """A row for each union."""
    rows = ["| Collection | also known as | its datasets |", "|---|---|---|"]
    rows += [f"| `{one.union}` | {_code(one.aliases)} | {_code(one.datasets)} |" for one in load_mappings().unions]
    return "\n".join(rows)


def ids() -> str:
    """A row for each form of id, with the datasets that know it."""
    datasets: dict[IdForm, list[str]] = {}
    for mapping in _sorted_mappings():
        for form in mapping.item.other_ids.values():
            datasets.setdefault(form, []).append(mapping.dataset or "")
    rows = ["| form | the Item | datasets |", "|---|---|---|"]
    rows += [f"| `{form.form}` | {_item(form)} | {_code(names)} |" for form, names in datasets.items()]
    return "\n".join(rows)


def _item(form: IdForm) -> str:
    if form.property:
        return f"whose `{form.property}` it is"
    if form.like:
        return f"`{form.like}`, of the same day"
    return f"`{form.id}`" if form.id else "has this id"


def spans() -> str:
    """A row for each span that a mapping knows and M2M's record lacks, with its source."""
    rows = ["| dataset | first day | last day | source |", "|---|---|---|---|"]
    for mapping in _sorted_mappings():
        if span := mapping.collection.span:
            cells = (span.start or "M2M's record", span.end or "open", span.source)
            rows.append(f"| `{mapping.dataset}` | {' | '.join(cells)} |")
    return "\n".join(rows)


def _sorted_mappings() -> list[Mapping]:
    mappings = load_mappings()
    return sorted((*mappings.by_dataset.values(), *mappings.by_pattern), key=lambda one: one.dataset or "")


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def written(text: str) -> str:
    """The document's text with the tables that belong there."""
    text = _PLACE.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", text)
    text = _IDS.sub(lambda found: f"{found[1]}{ids()}\n{found[2]}", text)
    text = _SPANS.sub(lambda found: f"{found[1]}{spans()}\n{found[2]}", text)
    return _UNIONS.sub(lambda found: f"{found[1]}{unions()}\n{found[2]}", text)


if __name__ == "__main__":
    DOC.write_text(written(DOC.read_text(encoding="utf-8")), encoding="utf-8")
