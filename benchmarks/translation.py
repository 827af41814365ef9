"""Time to turn a scene's JSON into an Item with all its signed Assets, beside parsing and dumping that JSON alone."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure
from benchmarks.parts.timing import best
from stac_bridge.assets.href import Signer
from stac_bridge.bridge import SceneItem
from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.search import ALL_FIELDS, Fields
from stac_bridge.search.params.fields import ITEM, read_fields
from stac_bridge.translate import Translator, collection
from tests.support import entry_of, raw_scene

BASE = "http://here/"


@dataclass(frozen=True)
class Size:
    """The number of scenes and Collections, and the repetitions, of which the best counts."""

    scenes: int = 200
    collections: int = 100
    repeat: int = 7


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    return [*_items(size), _collections(size)]


def _items(size: Size) -> list[Figure]:
    scenes = orjson.dumps([raw_scene("landsat_ot_c2_l2") for _ in range(size.scenes)])
    raw_scenes = orjson.loads(scenes)
    translator, signer = Translator(entry_of("landsat_ot_c2_l2")), Signer([b"k" * 32], 604800)

    def translate(fields: Fields = ALL_FIELDS) -> list[object]:
        return [SceneItem(read_scene(scene), translator).item(BASE, signer, fields) for scene in raw_scenes]

    # whole Items are returned as bytes, which the server's response contains unchanged
    dumped = orjson.dumps(translate())
    items = orjson.loads(dumped)
    no_assets, one_asset = read_fields("-assets", ITEM), read_fields("properties,assets.red", ITEM)
    work = {
        "parsing a scene's JSON": lambda: orjson.loads(scenes),
        "translating, signing and dumping": translate,
        "the same without assets": lambda: translate(no_assets),
        "the same with properties and one asset": lambda: translate(one_asset),
        "dumping the Item's JSON alone": lambda: orjson.dumps(items),
    }
    return [
        Figure("assets of an Item", len(items[0]["assets"])),
        Figure("size of an Item", len(dumped) // size.scenes, "bytes"),
        *(Figure(name, 1e3 * best(call, size.repeat) / size.scenes, "ms") for name, call in work.items()),
    ]


def _collections(size: Size) -> Figure:
    entry = entry_of("landsat_ot_c2_l2")
    events = [
        Entry(entry.dataset.model_copy(update={"alias": f"event{number}"}), load_mappings().for_dataset("event1"))
        for number in range(size.collections)
    ]
    seconds = best(lambda: [collection(event, BASE) for event in events], size.repeat)
    return Figure("a Collection, without an M2M call", 1e3 * seconds / size.collections, "ms")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(scenes=2, collections=2, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
