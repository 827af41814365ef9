"""The cache of scenes: an unchanged scene is translated once, a changed one again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from stac_bridge.assets import Signer
from stac_bridge.bridge.page import MAX_RECENT, Recent, SceneItem
from stac_bridge.m2m.models.scenes import Scene, read_scene
from stac_bridge.search import Residual
from stac_bridge.translate import Translator
from tests.support import entry_of, raw_scene

TRANSLATOR = Translator(entry_of("landsat_ot_c2_l2"))
WEEK = 7 * 86400


def scene(**fields: str) -> Scene:
    """An equal scene as a new object each time, as another answer of M2M has it."""
    return read_scene(raw_scene("landsat_ot_c2_l2", fields=fields))


def signer(now: float = 1_800_000_000) -> Signer:
    return Signer([b"0123456789abcdef"], WEEK, lambda: now)


def item_json(scene_item: SceneItem, base: str = "http://here/", now: float = 1_800_000_000) -> dict[str, Any]:
    item: dict[str, Any] = orjson.loads(orjson.dumps(scene_item.item(base, signer(now))))
    return item


def test_an_unchanged_scene_is_not_translated_again() -> None:
    recent = Recent()
    first, second = (recent.scene_item(scene(), TRANSLATOR, None) for _ in range(2))
    assert second is first
    assert second.item("http://here/", signer()) is first.item("http://here/", signer())


def test_a_changed_scene_is_translated_again() -> None:
    recent = Recent()
    recent.scene_item(scene(), TRANSLATOR, None)
    changed = recent.scene_item(scene(**{"Scene Cloud Cover L1": "77.00"}), TRANSLATOR, None)
    assert item_json(changed)["properties"]["eo:cloud_cover"] == 77


def test_an_item_is_made_again_if_its_hrefs_would_differ() -> None:
    recent = Recent()
    scene_item = recent.scene_item(scene(), TRANSLATOR, None)
    hrefs = {
        item_json(scene_item, base, now)["assets"]["red"]["href"]
        for base in ("http://here/", "http://there/")
        for now in (1_800_000_000, 1_800_000_000 + WEEK)
    }
    assert len(hrefs) == 4
    assert item_json(recent.scene_item(scene(), TRANSLATOR, "no role"))["assets"]["red"]["m2m:unavailable"] == "no role"
    assert "m2m:unavailable" not in item_json(scene_item)["assets"]["red"]


def test_cached_verdicts_belong_to_their_filter() -> None:
    scene_item = Recent().scene_item(scene(**{"Scene Cloud Cover L1": "20.00"}), TRANSLATOR, None)
    for maximum, expected in [(30, True), (10, False), (30, True), *((number, number >= 20) for number in range(40))]:
        residual = Residual({"op": "<=", "args": [{"property": "eo:cloud_cover"}, maximum]})
        assert scene_item.matches(residual) is expected


def test_the_cache_is_bounded() -> None:
    recent = Recent()
    first = recent.scene_item(scene(), TRANSLATOR, None)
    for number in range(MAX_RECENT):
        recent.scene_item(replace(scene(), entity_id=str(number)), TRANSLATOR, None)
    assert recent.scene_item(scene(), TRANSLATOR, None) is not first
