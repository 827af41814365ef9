"""docs/datasets.md and the extension's README describe what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.notices import Message
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.mapping.loader import is_family, shipped_folder
from stac_bridge.translate import Translator, collection, with_messages
from tests.docs.datasets_table import DOC, written
from tests.docs.families import filter_kind
from tests.docs.filters_table import PAGE
from tests.support import Here
from tests.validation import SCHEMA, validate

README = SCHEMA.parent / "README.md"
EXAMPLES = SCHEMA.parent / "examples"
BASE = "https://bridge.example/"


def test_the_sections_of_families_are_the_mappings() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert written(text) == text, "run python -m tests.docs.datasets_table"


def test_the_page_stays_readable() -> None:
    lines = DOC.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 1000
    assert max(map(len, lines)) < 900


def test_each_shipped_mapping_is_in_one_section() -> None:
    linked = re.findall(r"^Datasets: (.*)$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    files = re.findall(r"\(\.\./mappings/([^)]+)\)", "\n".join(linked))
    assert sorted(files) == sorted(path.name for path in shipped_folder().glob("*.yaml") if not is_family(path))


@pytest.mark.parametrize(
    ("family", "property_name", "source"),
    [
        ("Declassified film", "`m2m:camera` (`declassiii`)", "REFERENCE §6"),
        ("NAIP", "`gsd`", "REFERENCE §6"),
        ("Landsat Analysis Ready Data", "`m2m:snow_ice`", "REFERENCE §6, §15"),
        ("EO-1", "`platform`", "inference"),
        ("Landsat Collection 2 Level-2", "`landsat:wrs_path`", "REFERENCE §6; filter: recording, REFERENCE §7"),
    ],
)
def test_a_fact_has_the_source_that_contains_it(family: str, property_name: str, source: str) -> None:
    section = DOC.read_text(encoding="utf-8").partition(f"### {family}\n")[2].partition("\n### ")[0]
    (row,) = (line for line in section.splitlines() if line.startswith(f"| {property_name}<br>"))
    assert row.removesuffix(" |").rpartition("| ")[2] == source


def test_filters_are_pushed_as_the_table_of_filters_states() -> None:
    """That table is made from the answers of a server."""
    table = PAGE.read_text(encoding="utf-8").partition("<!-- properties:")[2].partition("<!-- end -->")[0]
    mappings = load_mappings().by_dataset
    stated = {
        (dataset, name, how): filter_kind(mappings[dataset].properties[name])
        for dataset, exact, checked in re.findall(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|$", table, re.MULTILINE)
        for how, cell in (("exact", exact), ("re-checked", checked))
        for name in re.findall(r"`([^`]+)`", cell)
    }
    assert len(stated) > 40
    exact = {"pushed and exact", "filter-only"}
    assert {key: kind for key, kind in stated.items() if (kind in exact) != (key[2] == "exact")} == {}
    assert {kind for (_dataset, _name, how), kind in stated.items() if how == "re-checked"} == {"pushed and re-checked"}


@pytest.mark.parametrize("document", [DOC, README], ids=lambda path: path.name)
def test_every_file_that_a_document_leads_to_is_there(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def examples() -> dict[str, dict[str, Any]]:
    """An Item and a Collection of a dataset without a mapping of its own, as the bridge makes them."""
    dataset = Dataset.model_validate(
        {
            "datasetAlias": "some_dataset",
            "datasetId": "5e83d14f2fc39685",
            "collectionName": "Some Dataset",
            "acquisitionStart": "1990-01-01",
        }
    )
    entry = Entry(dataset, load_mappings().generic)
    scene = read_scene(
        {
            "entityId": "3014295",
            "displayId": "M_2609727_SW_14_060_20201216",
            "spatialCoverage": {"type": "Polygon", "coordinates": [[[5, 45], [6, 45], [6, 46], [5, 46], [5, 45]]]},
            "temporalCoverage": {"startDate": "2020-12-16 00:00:00-06", "endDate": "2020-12-16 00:00:00-06"},
            "metadata": [
                {"fieldName": "State", "value": "TX"},
                {"fieldName": "Resolution", "value": "0.60"},
                {"fieldName": "Acquisition Date", "value": "2020/12/16"},
                {"fieldName": "Roll", "value": "000450"},
            ],
        }
    )
    translator = Translator(entry)
    item = translator.finish(translator.core(scene), scene, BASE, lambda key, _name: key)
    told = Message(dataset="some_dataset", text="Files are <b>staged</b> before they can be fetched.", code="download")
    return {"item": item, "collection": with_messages(collection(entry, BASE), [told], BASE)}


@pytest.mark.parametrize("kind", ["item", "collection"])
def test_the_extensions_examples_are_what_the_bridge_makes(kind: str) -> None:
    assert orjson.loads((EXAMPLES / f"{kind}.json").read_bytes()) == examples()[kind]


@pytest.mark.parametrize("kind", ["item", "collection"])
def test_the_extensions_examples_are_valid(kind: str) -> None:
    validate(examples()[kind])


@pytest.mark.parametrize(
    "wrong", [{"m2m:entity_id": None}, {"m2m:dataset": ""}, {"m2m:state": ["TX"]}, {"m2m:roll": {"a": 1}}], ids=str
)
def test_the_schema_refuses_what_the_readme_does_not_allow(wrong: dict[str, Any]) -> None:
    item = examples()["item"]
    item["properties"] |= wrong
    with pytest.raises(Exception, match="m2m"):
        validate(item)


async def test_the_schema_is_served_where_items_say(here: Here) -> None:
    said = (await here.get("/collections/corona2")).json()
    (url,) = (url for url in said["stac_extensions"] if "/m2m/" in url)
    served = await here.get(url)
    assert served.status_code == 200
    assert served.headers["content-type"].startswith("application/schema+json")
    assert served.headers["access-control-allow-origin"] == "*"
    assert served.json() == orjson.loads(SCHEMA.read_bytes())


if __name__ == "__main__":
    for name, made in examples().items():
        (EXAMPLES / f"{name}.json").write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
