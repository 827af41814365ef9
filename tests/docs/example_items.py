"""Example Items of each family, made from the scenes of example_rows.yaml: ``python -m tests.docs.example_items``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import yaml

from m2m_sandbox.archive.datasets import archive_of, dataset, products_of
from m2m_sandbox.archive.fact_sheets import sheets
from m2m_sandbox.archive.landsat.scenes import BASE as ORIGIN
from stac_bridge.assets.href import Signer
from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetProduct
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.support import RECORDINGS, recorded_data

ROWS = Path(__file__).with_name("example_rows.yaml")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "example-items.md"
FOLDER = PAGE.parent / "items"
BASE = "https://bridge.example/"
NOW = 1_798_761_600
"""When the hrefs were signed: 2027-01-01."""
_TABLE = re.compile(r"(<!-- (items|missing): [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_PICTURES = b"https://sandbox.example"
"""Where the pictures of the sandbox's scenes are."""
_GEN_BROWSE = "https://landsatlook.usgs.gov/gen-browse"
_SIZES = {"browsePath": "rrb", "thumbnailPath": "thumb"}
_CORNERS = ("NW", "NE", "SE", "SW")

Json = dict[str, Any]


def rows() -> dict[str, Json]:
    """Dataset → the scene that is shown of it, and its source."""
    found: dict[str, Json] = yaml.safe_load(ROWS.read_text(encoding="utf-8"))
    return found


def item_of(alias: str, row: Json) -> Json:
    """The Item of a row."""
    scene = read_scene(_scene(alias, row))
    translator = Translator(_entry(alias, row))
    item = translator.core(scene)
    signer = Signer([b"a key of the documentation"], 7 * 86400, lambda: NOW)
    href_maker = signer.href_maker(BASE, translator.entry.id, item["id"], scene.entity_id)
    return translator.finish(item, scene, BASE, href_maker)


def items() -> dict[str, Json]:
    """Dataset → the Item that is shown of it."""
    return {alias: item_of(alias, row) for alias, row in rows().items()}


def as_text(item: Json) -> str:
    """An Item as its file has it."""
    return orjson.dumps(item, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _entry(alias: str, row: Json) -> Entry:
    listed = products_of(alias) if alias in sheets() else []
    products = [(product["code"], product["name"]) for product in listed] or row.get("products", [])
    details = DatasetDetails(
        (), tuple(DatasetProduct(product_id=code, code=code, name=name) for code, name in products)
    )
    return Entry(Dataset.model_validate(_dataset(alias)), load_mappings().for_dataset(alias), details)


def _dataset(alias: str) -> Json:
    """The dataset as it was recorded; as the sandbox has it; or its alias alone."""
    recorded = {one["datasetAlias"]: one for one in recorded_data("dataset-search__all__1")}
    if alias in recorded or alias in sheets():
        return dict(recorded.get(alias) or dataset(alias))
    return {"datasetAlias": alias, "datasetId": "5e83a340bf820c39"}


def _scene(alias: str, row: Json) -> Json:
    if "sandbox" in row:
        archive = archive_of(alias)
        number = archive.find(row["sandbox"]) if archive else None
        assert archive
        assert number is not None, row["sandbox"]
        scene: Json = orjson.loads(orjson.dumps(archive.scene(number, full=True)).replace(ORIGIN.encode(), _PICTURES))
        return scene
    if "recorded" in row:
        data = orjson.loads((RECORDINGS / row["recorded"]).read_bytes())["data"]
        return dict(data["results"][row["place"]] if "place" in row else data)
    if "exported" in row:
        return _exported(orjson.loads((RECORDINGS / row["exported"]).read_bytes())["rows"][row["place"]])
    return _written(row)


def _exported(row: Json) -> Json:
    """A row of EarthExplorer's table as a scene: it has the fields, of which the corners are the footprint."""
    fields = {label: value for label, value in row.items() if isinstance(value, str)}
    folded = {" ".join(label.split()): value for label, value in fields.items()}
    corners = [[float(folded[f"{corner} Corner {axis} dec"]) for axis in ("Long", "Lat")] for corner in _CORNERS]
    day = str(fields.get("Acquisition Date") or fields["Acquisition Start Date"])[:10].replace("/", "-")
    return _written(
        {
            "displayId": fields["Display ID"],
            "entityId": row.get("(value beyond the header)", [fields["Entity ID"]])[0],
            "day": day,
            "coverage": [*corners, corners[0]],
            "fields": fields,
        }
    )


def _written(row: Json) -> Json:
    day = f"{row['day']} 00:00:00"
    return {
        "browse": _browse(row["fields"].get("Landsat Product Identifier L1")),
        "cloudCover": row.get("cloudCover"),
        "entityId": row.get("entityId", row["displayId"]),
        "displayId": row["displayId"],
        "metadata": [{"fieldName": label, "value": value} for label, value in row["fields"].items()],
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "spatialCoverage": {"type": "Polygon", "coordinates": [row["coverage"]]} if "coverage" in row else None,
        "temporalCoverage": {"startDate": day, "endDate": day},
        "publishDate": "Unknown",
    }


def _browse(level_1: str | None) -> list[Json]:
    """The pictures of a Landsat scene, which are those of its Level-1 product [REFERENCE §5]."""
    if level_1 is None:
        return []
    paths = {name: f"{_GEN_BROWSE}?size={size}&type=refl&product_id={level_1}" for name, size in _SIZES.items()}
    return [{"id": "5fb4ba12d7ec307f", "browseName": "Reflective Color Browse", **paths}]


def table() -> str:
    """A row for each example: its title, file, number of assets, and the source of its scene."""
    lines = ["| Item | dataset | assets | where the row is from |", "|---|---|---|---|"]
    for alias, row in rows().items():
        item = item_of(alias, row)
        link = f"[{item['properties']['title']}](items/{alias}.json)"
        lines.append(f"| {link} | `{alias}` | {len(item['assets'])} | {row['source']} |")
    return "\n".join(lines)


def missing() -> str:
    """The datasets that have a mapping and no example, as no scene of theirs is known."""
    mappings = load_mappings()
    shown = [mappings.for_dataset(alias) for alias in rows()]
    names = [one.dataset for one in (*mappings.by_dataset.values(), *mappings.by_pattern) if one not in shown]
    return ", ".join(f"`{name}`" for name in sorted(name for name in names if name))


def written(text: str) -> str:
    """The page's text with the tables that belong there."""
    made = {"items": table, "missing": missing}
    return _TABLE.sub(lambda match: f"{match[1]}{made[match[2]]()}\n{match[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    FOLDER.mkdir(exist_ok=True)
    for name, item in items().items():
        (FOLDER / f"{name}.json").write_text(as_text(item), encoding="utf-8")
