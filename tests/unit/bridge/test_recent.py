"""A scene that comes again is the same Item; one that has changed is another."""

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
    """The same words in a new object each time, as another answer of M2M has them."""
    return read_scene(raw_scene("landsat_ot_c2_l2", fields=fields))


def signer(now: float = 1_800_000_000) -> Signer:
    return Signer([b"0123456789abcdef"], WEEK, lambda: now)


def told(found: SceneItem, base: str = "http://here/", now: float = 1_800_000_000) -> dict[str, Any]:
    item: dict[str, Any] = orjson.loads(orjson.dumps(found.item(base, signer(now))))
    return item


def test_a_scene_that_comes_again_is_not_translated_again() -> None:
    recent = Recent()
    first, again = (recent.scene_item(scene(), TRANSLATOR, None) for _ in range(2))
    assert again is first
    assert again.item("http://here/", signer()) is first.item("http://here/", signer())


def test_a_scene_that_has_changed_is() -> None:
    recent = Recent()
    recent.scene_item(scene(), TRANSLATOR, None)
    changed = recent.scene_item(scene(**{"Scene Cloud Cover L1": "77.00"}), TRANSLATOR, None)
    assert told(changed)["properties"]["eo:cloud_cover"] == 77


def test_an_item_is_made_anew_where_it_would_say_something_else() -> None:
    recent = Recent()
    found = recent.scene_item(scene(), TRANSLATOR, None)
    hrefs = {
        told(found, base, now)["assets"]["red"]["href"]
        for base in ("http://here/", "http://there/")
        for now in (1_800_000_000, 1_800_000_000 + WEEK)
    }
    assert len(hrefs) == 4
    assert told(recent.scene_item(scene(), TRANSLATOR, "no role"))["assets"]["red"]["m2m:unavailable"] == "no role"
    assert "m2m:unavailable" not in told(found)["assets"]["red"]


def test_a_filter_keeps_of_an_item_what_it_kept_before_and_another_what_it_keeps() -> None:
    found = Recent().scene_item(scene(**{"Scene Cloud Cover L1": "20.00"}), TRANSLATOR, None)
    for most, kept in [(30, True), (10, False), (30, True), *((number, number >= 20) for number in range(40))]:
        asked = Residual({"op": "<=", "args": [{"property": "eo:cloud_cover"}, most]})
        assert found.matches(asked) is kept


def test_no_more_than_some_are_kept() -> None:
    recent = Recent()
    first = recent.scene_item(scene(), TRANSLATOR, None)
    for number in range(MAX_RECENT):
        recent.scene_item(replace(scene(), entity_id=str(number)), TRANSLATOR, None)
    assert recent.scene_item(scene(), TRANSLATOR, None) is not first
