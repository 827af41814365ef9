"""Every Collection and Item is valid STAC 1.1, in each extension that it declares and in its own bytes."""

from __future__ import annotations

from typing import Any

import pystac
import pytest

from tests.support import Here, sampled, without_published
from tests.validation import validate

LANDSAT = "landsat_ot_c2_l2"

SEARCHES = [
    {"collections": LANDSAT, "limit": "25"},
    {"collections": LANDSAT, "bbox": "178,-19,-178,-15", "datetime": "2024-06-01T00:00:00Z/2024-06-08T00:00:00Z"},
    {"collections": LANDSAT, "bbox": "50,-70,60,-67", "datetime": "2024-01-01T00:00:00Z/2024-01-31T00:00:00Z"},
    {"collections": LANDSAT, "bbox": "-60,78,-20,82", "datetime": "2024-06-01T00:00:00Z/2024-06-08T00:00:00Z"},
    {"collections": "naip", "limit": "30"},
    {"collections": "corona2", "limit": "30"},
    *({"collections": name, "limit": "60"} for name in ("aerial_combin", "declassiii", "eo1_hyp_pub", "srtm_v3")),
]


@pytest.mark.parametrize("search", sampled(SEARCHES, 2), ids=str)
async def test_every_item_is_valid(here: Here, search: dict[str, str]) -> None:
    page = (await here.get("/search", **search)).json()
    assert page["features"]
    for item in page["features"]:
        validate(item)


async def test_every_collection_is_valid(here: Here) -> None:
    for listed in (await here.get("/collections")).json()["collections"]:
        validate(listed)
        validate((await here.get(f"/collections/{listed['id']}")).json())


async def test_the_landing_page_is_a_valid_catalog(here: Here) -> None:
    validate((await here.get("/")).json())


async def test_an_item_alone_is_the_item_of_the_search(here: Here) -> None:
    found = (await here.get("/search", collections=LANDSAT, limit=3)).json()["features"]
    for item in found:
        alone = (await here.get(f"/collections/{LANDSAT}/items/{item['id']}")).json()
        is_known = "published" in alone["properties"]
        assert alone == (item if is_known else without_published(item))


async def test_pystac_reads_every_asset(here: Here) -> None:
    said: dict[str, Any] = (await here.get("/search", collections=LANDSAT, limit=1)).json()["features"][0]
    assert set(pystac.Item.from_dict(said).assets) == set(said["assets"])


async def test_declared_extensions_are_those_in_use(here: Here) -> None:
    for search in SEARCHES:
        for item in (await here.get("/search", **search)).json()["features"][:3]:
            assets = [name for asset in item["assets"].values() for name in asset]
            used = {name.partition(":")[0] for name in (*item["properties"], *assets) if ":" in name}
            used |= {"published"} & item["properties"].keys()
            names = {"eo": "eo", "view": "view", "proj": "projection", "raster": "raster", "landsat": "landsat"}
            names |= {
                "classification": "classification",
                "sci": "scientific",
                "m2m": "m2m",
                "auth": "authentication",
                "order": "order",
                "published": "timestamps",
                "grid": "grid",
                "storage": "storage",
            }
            alternate = {"alternate-assets", "storage"} if "alternate" in assets else set()
            declared = {url.split("/")[-3] for url in item["stac_extensions"]}
            assert declared == {names[prefix] for prefix in used} | alternate
