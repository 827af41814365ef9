"""The table of families in docs/datasets.md, made from the mappings: ``python -m tests.docs.datasets_table``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from stac_bridge.mapping import Mapping, Row, load_mappings
from stac_bridge.mapping.model import IdForm

DOC = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"
_UNIONS = re.compile(r"(<!-- unions: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
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
    rows = {"id": mapping.item.id, **mapping.properties}
    return ", ".join(f"`{name}`" for name, row in rows.items() if row.filter) or "none"


def unions() -> str:
    """A row for each union."""
    rows = ["| Collection | also known as | its datasets | other forms of id |", "|---|---|---|---|"]
    mappings = load_mappings()
    for one in mappings.unions:
        members = [mappings.for_dataset(alias) for alias in one.datasets]
        forms = dict.fromkeys(_form(form) for member in members for form in member.item.other_ids)
        cells = (_code(one.aliases), _code(one.datasets), ", ".join(forms))
        rows.append(f"| `{one.union}` | {' | '.join(cells)} |")
    return "\n".join(rows)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _form(form: IdForm) -> str:
    return f"with `{form.ends}` behind it" if form.ends else f"without part {form.lacks} of {form.of}"


def written(text: str) -> str:
    """The document's text with the tables that belong there."""
    text = _PLACE.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", text)
    return _UNIONS.sub(lambda found: f"{found[1]}{unions()}\n{found[2]}", text)


if __name__ == "__main__":
    DOC.write_text(written(DOC.read_text(encoding="utf-8")), encoding="utf-8")
