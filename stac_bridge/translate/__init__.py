"""(Mapping, M2M's answer) → STAC. Pure: nothing here asks anybody anything."""

from stac_bridge.translate.collection import collection
from stac_bridge.translate.item import Translator

__all__ = ["Translator", "collection"]
