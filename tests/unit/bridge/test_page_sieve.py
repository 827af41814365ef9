"""Checking many scenes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from stac_bridge.bridge.page import YIELD_INTERVAL, Recent, Sieve
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.search import Residual, Search
from stac_bridge.search.plan import make_step
from stac_bridge.translate import Translator
from tests.support import entry_of, raw_scene


async def test_other_tasks_get_turns_while_many_scenes_are_checked() -> None:
    entry = entry_of("landsat_ot_c2_l2")
    translator, recent = Translator(entry), Recent()
    cloudless = Residual({"op": "<", "args": [{"property": "eo:cloud_cover"}, 0]})
    sieve = Sieve(lambda scene, _entry: recent.scene_item(scene, translator, None))
    step = replace(make_step(Search((), None), entry), exact=False, residual=cloudless)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count_turns())
    scene = read_scene(raw_scene("landsat_ot_c2_l2"))
    for number in range(4 * YIELD_INTERVAL):
        assert await sieve.match(replace(scene, entity_id=str(number)), step) is None
    other.cancel()
    assert turns == 4
    assert sieve.tally.checked == 4 * YIELD_INTERVAL
