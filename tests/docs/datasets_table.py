"""The generated parts of docs/datasets.md, made from the mappings: ``python -m tests.docs.datasets_table``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from stac_bridge.mapping import Mapping, load_mappings
from stac_bridge.mapping.id_forms import IdForm
from tests.docs.families import sections

DOC = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"
_UNIONS = re.compile(r"(<!-- unions: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_IDS = re.compile(r"(<!-- ids: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_SPANS = re.compile(r"(<!-- spans: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_PLACE = re.compile(r"(<!-- families: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)


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
    text = _PLACE.sub(lambda found: f"{found[1]}{sections()}\n{found[2]}", text)
    text = _IDS.sub(lambda found: f"{found[1]}{ids()}\n{found[2]}", text)
    text = _SPANS.sub(lambda found: f"{found[1]}{spans()}\n{found[2]}", text)
    return _UNIONS.sub(lambda found: f"{found[1]}{unions()}\n{found[2]}", text)


if __name__ == "__main__":
    DOC.write_text(written(DOC.read_text(encoding="utf-8")), encoding="utf-8")
