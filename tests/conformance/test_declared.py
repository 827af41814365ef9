"""What is declared is what tests prove, and clients believe it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pystac_client
import pytest
from pystac_client.conformance import ConformanceClasses

from stac_bridge.api.conformance import CONFORMANCE, PROOFS
from tests.support import Here, running

ROOT = Path(__file__).parents[2]
LANDSAT = "landsat_ot_c2_l2"
WHERE = {"collections": [LANDSAT], "bbox": (5, 45, 8, 47), "datetime": "2024-07"}


def functions_of(path: Path) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {found.name for found in ast.parse(path.read_text()).body if isinstance(found, kinds)}


@pytest.mark.parametrize("declared", CONFORMANCE)
def test_each_declared_class_has_a_test(declared: str) -> None:
    file, _, name = (PROOFS[declared] or "").partition("::")
    assert name.startswith("test_")
    assert name in functions_of(ROOT / file)


async def test_both_pages_declare_what_the_table_proves(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        declared = [(await here.get(path)).json()["conformsTo"] for path in ("/", "/conformance")]
        assert declared == [CONFORMANCE, CONFORMANCE]
        assert len(set(CONFORMANCE)) == len(CONFORMANCE)
        await every_extension_answers(here)


async def every_extension_answers(here: Here) -> None:
    """A class of a parameter that is not declared is of a parameter that is not taken."""
    for name, said, classes in (
        ("fields", "id", {"item-search#fields", "ogcapi-features#fields"}),
        ("query", "{}", {"item-search#query", "ogcapi-features#query"}),
        ("filter", "id = 'x'", {"item-search#filter", "features-filter"}),
        ("sortby", "datetime", {"item-search#sort", "ogcapi-features#sort"}),
    ):
        answer = await here.get("/search", collections=LANDSAT, limit=1, **{name: said})
        declared = {one.rpartition("/")[2] for one in CONFORMANCE} & classes
        assert declared == (classes if answer.status_code == 200 else set()), name


def names(found: Any) -> list[str]:
    return [one["id"] for one in found]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pystac_client_searches_items_by_all_that_is_declared_without_a_warning(api: str, method: str) -> None:
    client = pystac_client.Client.open(api)
    whole = list(client.search(method=method, **WHERE).items_as_dicts())
    asked: dict[ConformanceClasses, dict[str, Any]] = {
        ConformanceClasses.QUERY: {"query": ["eo:cloud_cover<20", "platform=landsat-8"]},
        ConformanceClasses.FIELDS: {"fields": ["id", "properties.eo:cloud_cover", "properties.platform"]},
        ConformanceClasses.FILTER: {
            "filter": "\"eo:cloud_cover\" < 20 AND platform = 'landsat-8'" if method == "GET" else CLEAR,
        },
        ConformanceClasses.SORT: {"sortby": "-datetime"},
    }
    clear = [one for one in whole if said_clear(one)]
    expected = {ConformanceClasses.QUERY: clear, ConformanceClasses.FILTER: clear}
    for declared, more in asked.items():
        if client.conforms_to(declared):
            found = client.search(method=method, **WHERE, **more).items_as_dicts()
            assert sorted(names(found)) == sorted(names(expected.get(declared, whole)))
    assert clear


CLEAR = {
    "op": "and",
    "args": [
        {"op": "<", "args": [{"property": "eo:cloud_cover"}, 20]},
        {"op": "=", "args": [{"property": "platform"}, "landsat-8"]},
    ],
}


def said_clear(item: dict[str, Any]) -> bool:
    said = item["properties"]
    return bool(said.get("eo:cloud_cover", 100) < 20 and said["platform"] == "landsat-8")


def needed_for(asked: dict[str, Any]) -> ConformanceClasses:
    """pystac-client looks for the classes of item search even where it searches collections."""
    needed = {"filter": ConformanceClasses.FILTER, "sortby": ConformanceClasses.SORT}
    return needed.get(next(iter(asked)), ConformanceClasses.COLLECTION_SEARCH)


@pytest.mark.filterwarnings("error")
def test_pystac_client_searches_collections_without_a_warning(api: str) -> None:
    client = pystac_client.Client.open(api)
    assert client.conforms_to(ConformanceClasses.COLLECTION_SEARCH_FREE_TEXT)
    whole = {one.id for one in client.get_collections()}
    for asked in (
        {"q": "reflectance"},
        {"bbox": (6, 46, 7, 47)},
        {"datetime": "2024"},
        {"filter": "title LIKE '%Landsat%'"},
        {"filter": {"op": "=", "args": [{"property": "id"}, LANDSAT]}},
        {"sortby": ["-title"]},
        {"fields": ["title"]},
        {"limit": 1},
    ):
        if not client.conforms_to(needed_for(asked)):
            continue
        search = client.collection_search(**asked)
        found = names(search.collections_as_dicts())
        assert LANDSAT in found
        assert search.matched() == len(found) == len(set(found) & whole)


@pytest.mark.filterwarnings("error")
def test_pystac_client_reads_queryables_exactly_where_filters_are_declared(api: str) -> None:
    client = pystac_client.Client.open(api)
    collection = client.get_collection(LANDSAT)
    if client.conforms_to(ConformanceClasses.FILTER):
        assert "eo:cloud_cover" in collection.get_queryables()["properties"]
    else:
        with pytest.raises(pystac_client.warnings.DoesNotConformTo):
            collection.get_queryables()
