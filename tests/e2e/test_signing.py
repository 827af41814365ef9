"""Jobs that outlive their hrefs, over real sockets: months-old Items open again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import odc.stac
import pystac
import pystac_client
import pytest

from stac_bridge.assets import Signer
from stac_bridge.client.signing import Renewer, modifier, patch_url
from tests.serving import started
from tests.support import sampled

KEY = "a-key-that-tests-sign-with"
LANDSAT = "landsat_ot_c2_l2"
BOX = (5.9, 45.45, 6.5, 45.8)
SEARCH = {"collections": [LANDSAT], "bbox": BOX, "datetime": "2024-07-01/2024-08-31"}
MONTHS = 100 * 86400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started("serve", tmp_path_factory.mktemp("signing"), signing_keys=KEY) as (address, _log):
        yield address


def old_items(server: str, count: int = 2) -> list[pystac.Item]:
    """Items that somebody kept for months: the server's own, signed when they were found."""
    items = list(pystac_client.Client.open(server).search(**SEARCH, max_items=count).items())
    signer = Signer([KEY.encode()], 7 * 86400, lambda: time.time() - MONTHS)
    for item in items:
        make = signer.href_maker(f"{server}/", LANDSAT, item.id, item.properties["m2m:entity_id"])
        for key, asset in item.assets.items():
            if "/assets/" in asset.href:
                asset.href = make(key, asset.href.partition("?")[0].rpartition("/")[2])
    return items


def test_odc_stac_loads_what_expired_long_ago(server: str) -> None:
    items = old_items(server)
    assert httpx.get(items[0].assets["red"].href).status_code == 403
    loaded = odc.stac.load(items, bands=["red"], bbox=BOX, resolution=600, patch_url=patch_url)
    assert float((loaded.red > 0).mean()) > 0.1


def test_a_dask_job_of_threads_loads_what_expired_long_ago(server: str) -> None:
    items = old_items(server)
    renewer = Renewer()
    lazy = odc.stac.load(items, bands=["red"], bbox=BOX, resolution=600, chunks={}, patch_url=renewer.patch_url)
    assert float((lazy.red > 0).mean().compute(scheduler="threads")) > 0.1


def test_kept_items_are_renewed_in_place(server: str) -> None:
    items = pystac.ItemCollection(old_items(server))
    modifier(items)
    for item in items:
        assert httpx.get(item.assets["red"].href).status_code == 302


@pytest.mark.parametrize(
    "ask", sampled(["items", "items_as_dicts", "pages", "item_collection", "get_items", "get_item"], 3)
)
def test_pystac_client_takes_the_modifier_wherever_it_takes_one(
    server: str, ask: str, recwarn: pytest.WarningsRecorder
) -> None:
    seen: list[Any] = []
    renewer = Renewer(margin=30 * 86400)  # so far ahead that what is fresh has to be renewed, too

    def watched(found: Any) -> None:
        seen.append(found)
        renewer.modifier(found)

    client = pystac_client.Client.open(server, modifier=watched)
    if ask.startswith("get_"):
        collection = client.get_collection(LANDSAT)
        first = next(iter(collection.get_items()))
        found = [first] if ask == "get_items" else [collection.get_item(first.id)]
    else:
        search = client.search(**SEARCH, max_items=2)
        found = list(getattr(search, ask)() if ask != "pages" else next(iter(search.pages())))
    assert seen
    for item in found:
        said = item if isinstance(item, dict) else item.to_dict()
        assert httpx.get(said["assets"]["red"]["href"]).status_code == 302
    assert [str(one.message) for one in recwarn if "modifier" in str(one.message)] == []
