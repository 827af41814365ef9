"""From a scene's JSON to an Item with all its signed assets, beside the parsing and dumping of the same JSON."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from benchmarks.parts.benchmark import Benchmark
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
    """How much is translated, and how often: the best of the repetitions counts."""

    scenes: int = 200
    collections: int = 100
    repeat: int = 7


def run(size: Size) -> None:
    """Print the figures."""
    _items(size)
    _collections(size)


def _items(size: Size) -> None:
    written = orjson.dumps([raw_scene("landsat_ot_c2_l2") for _ in range(size.scenes)])
    raws = orjson.loads(written)
    translator, signer = Translator(entry_of("landsat_ot_c2_l2")), Signer([b"k" * 32], 604800)

    def translate(fields: Fields = ALL_FIELDS) -> list[object]:
        return [SceneItem(read_scene(raw), translator).item(BASE, signer, fields) for raw in raws]

    # whole Items come as dumped bytes, which the server's answer takes as they are
    dumped = orjson.dumps(translate())
    items = orjson.loads(dumped)
    without, one = read_fields("-assets", ITEM), read_fields("properties,assets.red", ITEM)
    rows = {
        "parse a scene's JSON": lambda: orjson.loads(written),
        "translate, sign and dump": translate,
        "  without assets": lambda: translate(without),
        "  properties and one asset": lambda: translate(one),
        "dump the Item's JSON alone": lambda: orjson.dumps(items),
    }
    print(
        f"Translation, per Landsat scene with {len(items[0]['assets'])} assets "
        f"({len(dumped) // size.scenes} bytes of Item):"
    )
    for name, work in rows.items():
        print(f"  {name:26} {1000 * best(work, size.repeat) / size.scenes:7.3f} ms")


def _collections(size: Size) -> None:
    entry = entry_of("landsat_ot_c2_l2")
    events = [
        Entry(entry.dataset.model_copy(update={"alias": f"event{number}"}), load_mappings().for_dataset("event1"))
        for number in range(size.collections)
    ]
    seconds = best(lambda: [collection(one, BASE) for one in events], size.repeat)
    print(f"Collections: {1000 * seconds / size.collections:.3f} ms each, with no call to M2M")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(scenes=2, collections=2, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
