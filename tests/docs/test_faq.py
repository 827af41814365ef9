"""Answers of docs/faq.md that no other test holds, and those that a reader would try first."""

from __future__ import annotations

import pytest

from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
DAY = "2024-07-28T00:00:00Z/2024-07-28T23:59:59Z"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"colections": LANDSAT}, "collections"),
        ({"collections": LANDSAT, "filter": "platfrom = 'landsat-9'"}, "platform"),
        ({"collections": "landsat_ot_c2_l3"}, "landsat_ot_c2_l3"),
    ],
    ids=str,
)
async def test_a_misspelt_word_is_refused_and_mostly_the_right_one_named(
    here: Here, asked: dict[str, str], told: str
) -> None:
    answer = await here.get("/search", datetime=DAY, **asked)
    assert answer.status_code in (400, 404)
    assert told in answer.json()["detail"]


async def test_cloud_that_is_not_known_is_absent_and_found_by_is_null(here: Here) -> None:
    found = await here.get("/search", collections=LANDSAT, datetime=DAY, filter="eo:cloud_cover = 0")
    assert {item["properties"]["eo:cloud_cover"] for item in found.json()["features"]} == {0}
    unknown = await here.get("/search", collections="naip", filter="eo:cloud_cover IS NULL", limit=2)
    assert [item["properties"].get("eo:cloud_cover") for item in unknown.json()["features"]] == [None, None]


async def test_an_id_is_the_products_and_the_entity_id_a_property(here: Here) -> None:
    (item, *_rest) = (await here.get("/search", collections=LANDSAT, datetime=DAY, limit=1)).json()["features"]
    assert item["id"].startswith("LC0")
    assert item["properties"]["m2m:entity_id"] not in ("", item["id"])


async def test_a_search_asks_no_download_options_and_gives_ten(here: Here) -> None:
    page = (await here.get("/search", collections=LANDSAT, datetime=DAY)).json()
    assert page["numberReturned"] == 10
    assert [one for one in map(str, here.sandbox.calls) if "download" in one] == []


async def test_without_the_role_searches_go_on_and_the_role_is_told(tmp_path: object) -> None:
    async with running(tmp_path, m2m_username="search-only") as here:  # type: ignore[arg-type]
        page = await here.get("/search", collections=LANDSAT, datetime=DAY, limit=1)
        assert page.json()["numberReturned"] == 1
        assert (await here.get("/_mgmt/health")).json()["role"] == "search-only"
        refused = await here.client.get(page.json()["features"][0]["assets"]["red"]["href"])
        assert refused.status_code == 502
        assert "MACHINE role" in refused.json()["detail"]
