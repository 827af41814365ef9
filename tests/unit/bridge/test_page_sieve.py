"""Checking many scenes."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

from stac_bridge.bridge.page import MAX_CHECKING, SCENE_SECONDS, Recent, Sieve
from stac_bridge.fair_work import MAX_PIECE, Pauses
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.search import Residual, Search
from stac_bridge.search.plan import make_step
from stac_bridge.translate import Translator
from tests.support import entry_of, raw_scene


async def test_other_tasks_get_turns_while_many_scenes_are_checked() -> None:
    entry = entry_of("landsat_ot_c2_l2")
    translator, recent = Translator(entry), Recent()
    cloudless = Residual({"op": "<", "args": [{"property": "eo:cloud_cover"}, 0]})
    clock = itertools.count(1, MAX_PIECE / 4)
    sieve = Sieve(lambda scene, _entry: recent.scene_item(scene, translator, None), pauses=Pauses(clock.__next__))
    step = replace(make_step(Search((), None), entry), exact=False, residual=cloudless)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count_turns())
    scene = read_scene(raw_scene("landsat_ot_c2_l2"))
    for number in range(100):
        assert await sieve.match(replace(scene, entity_id=str(number)), step) is None
    other.cancel()
    assert turns == 20, "each scene takes a quarter of a piece, and so does reading the clock after a pause"
    assert sieve.tally.checked == 100


async def test_a_page_has_checked_enough_after_fewer_scenes_if_the_filter_is_longer() -> None:
    entry = entry_of("landsat_ot_c2_l2")
    translator, recent = Translator(entry), Recent()
    scene = read_scene(raw_scene("landsat_ot_c2_l2"))
    compared = [{"op": "<", "args": [{"property": "eo:cloud_cover"}, -number]} for number in range(900)]
    for count in (1, 900):
        residual = Residual({"op": "or", "args": compared[:count]})
        sieve = Sieve(lambda scene, _entry: recent.scene_item(scene, translator, None))
        step = replace(make_step(Search((), None), entry), exact=False, residual=residual)
        expected = MAX_CHECKING / (SCENE_SECONDS + residual.cost)
        while not sieve.is_spent:
            await sieve.match(scene, step)
        assert sieve.tally.checked - 1 <= expected <= sieve.tally.checked + 1
    assert sieve.tally.checked < 500
