"""What is counted is what happened; and neither callers, nor ids, nor keys are in it."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from stac_bridge.api.metrics import Metrics
from stac_bridge.m2m.calls import Call
from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
ASKED = {"collections": LANDSAT, "datetime": "2024-07-28T00:00:00Z/2024-07-28T23:59:59Z", "limit": 5}


async def counted(here: Here) -> dict[tuple[str, ...], float]:
    """(name, label values …) → number."""
    text = (await here.get("/_mgmt/metrics")).raise_for_status().text
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def test_a_search_an_asset_and_a_hit_are_counted(here: Here) -> None:
    page = (await here.get("/search", **ASKED)).json()
    await here.get("/search", **ASKED)
    href = page["features"][0]["assets"]["mtl.xml"]["href"]
    body = (await here.client.get(href, headers={"Origin": "http://page.example"})).raise_for_status().content
    found = await counted(here)
    assert found["stac_bridge_m2m_calls_total", "scene-search", "ok"] == 1
    assert found["stac_bridge_m2m_call_seconds_count", "scene-search"] == 1
    assert found["stac_bridge_m2m_queue_seconds_count",] >= 1
    assert found["stac_bridge_cache_lookups_total", "scenes", "miss"] == 1
    assert found["stac_bridge_cache_lookups_total", "scenes", "hit"] == 1
    assert found["stac_bridge_pages_total",] == 2
    assert found["stac_bridge_items_total",] == 10
    assert found["stac_bridge_resolutions_total", "ok"] == 1
    assert found["stac_bridge_asset_bytes_total",] == len(body) > 0
    assert found["stac_bridge_requests_total", "GET", "/search", "200"] == 2
    assert found["stac_bridge_requests_in_flight",] == 1, "the one that asks"


async def test_the_yield_of_a_filter_that_m2m_cannot_say_is_counted(here: Here) -> None:
    page = (await here.get("/search", **ASKED, filter='"view:sun_elevation" > 60')).json()
    found = await counted(here)
    assert found["stac_bridge_scenes_matched_total",] >= page["numberReturned"] > 0
    assert found["stac_bridge_scenes_looked_at_total",] > found["stac_bridge_scenes_matched_total",]


async def test_routes_are_told_by_their_templates_whatever_is_asked(here: Here) -> None:
    await here.get("/collections/corona2")
    await here.client.head("/collections/corona2")
    await here.get("/collections/nothing-like-it")
    await here.get("/nowhere/at/all")
    await here.client.request("PURGE", "/search")
    await here.get(f"/collections/{LANDSAT}/items/x/assets/red/x.TIF")
    found = await counted(here)
    one = "/collections/{collection_id}"
    assert found["stac_bridge_requests_total", "GET", one, "200"] == 1
    assert found["stac_bridge_requests_total", "HEAD", one, "200"] == 1
    assert found["stac_bridge_requests_total", "GET", one, "404"] == 1
    assert found["stac_bridge_requests_total", "GET", "(none)", "404"] == 1
    assets = "/collections/{collection}/items/{item}/assets/{key}/{filename}"
    assert found["stac_bridge_requests_total", "GET", assets, "403"] == 1
    labels = {label for key in found for label in key[1:]}
    assert not {"PURGE", "corona2", "nothing-like-it", "127.0.0.1"} & labels


def test_a_word_from_outside_makes_no_series_of_its_own() -> None:
    metrics = Metrics()
    for outcome in ("RATE_LIMIT", "https://somewhere/?token=1", "x" * 100, ""):
        metrics.record_call(Call("scene-search", outcome, 0.1, 0.2))
    text = metrics.exposition().decode()
    assert 'outcome="other"} 3.0' in text
    assert "token" not in text


async def test_metrics_can_be_turned_off(tmp_path: Path) -> None:
    async with running(tmp_path, metrics=False) as here:
        assert (await here.get("/_mgmt/metrics")).status_code == 404


async def test_every_answer_has_a_name_the_callers_where_it_is_sane(here: Here) -> None:
    given = await here.client.get("/conformance", headers={"X-Request-ID": "4bf92f35-77b34da6"})
    assert given.headers["x-request-id"] == "4bf92f35-77b34da6"
    made = [(await here.client.get(path, headers={"X-Request-ID": "two words"})) for path in ("/conformance", "/no")]
    names = {one.headers["x-request-id"] for one in made}
    assert len(names) == 2
    assert all(len(name) == 16 for name in names)
    assert "X-Request-ID" in given.headers["access-control-expose-headers"]
