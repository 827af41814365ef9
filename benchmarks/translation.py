"""From a scene's JSON to an Item with all its signed assets, beside the parsing and dumping of the same JSON."""

from __future__ import annotations

import orjson

from benchmarks.timing import best
from stac_bridge.bridge import Found
from stac_bridge.catalog import Entry
from stac_bridge.delivery.sign import Signer
from stac_bridge.m2m.models import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.search import EVERYTHING, Fields
from stac_bridge.search.fields import ITEM, read_fields
from stac_bridge.translate import Translator, collection
from tests.support import entry_of, raw_scene

SCENES = 200


def main() -> None:
    """Print the figures."""
    written = orjson.dumps([raw_scene("landsat_ot_c2_l2") for _ in range(SCENES)])
    raws = orjson.loads(written)
    translator, signer = Translator(entry_of("landsat_ot_c2_l2")), Signer([b"k" * 32], 604800)

    def translate(fields: Fields = EVERYTHING) -> list[dict[str, object]]:
        items = []
        for raw in raws:
            scene = read_scene(raw)
            items.append(Found(scene, translator).item("http://here/", signer, fields))
        return items

    items = translate()
    dumped = orjson.dumps(items)
    without, one = read_fields("-assets", ITEM), read_fields("properties,assets.red", ITEM)
    rows = [
        ("parse a scene's JSON", best(lambda: orjson.loads(written))),
        ("translate and sign", best(translate)),
        ("  without assets", best(lambda: translate(without))),
        ("  properties and one asset", best(lambda: translate(one))),
        ("dump the Item's JSON", best(lambda: orjson.dumps(items))),
    ]
    print(
        f"Translation, per Landsat scene with {len(items[0]['assets'])} assets ({len(dumped) // SCENES} bytes of Item):"
    )
    for name, seconds in rows:
        print(f"  {name:26} {1000 * seconds / SCENES:7.3f} ms")
    entry = entry_of("landsat_ot_c2_l2")
    events = [
        Entry(entry.dataset.model_copy(update={"alias": f"event{number}"}), load_mappings().of("event1"))
        for number in range(100)
    ]
    seconds = best(lambda: [collection(one, "http://here/") for one in events])
    print(f"Collections: {10 * seconds:.3f} ms each, with no call to M2M")
