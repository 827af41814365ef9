"""pystac's validation, with the schemas beside the project where they are, and fetched where they are not."""

from __future__ import annotations

import runpy
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pystac

import stac_bridge
from stac_bridge.translate.extensions import M2M_SCHEMA
from tests.support import SHARED

SCHEMA = Path(stac_bridge.__file__).parent / M2M_SCHEMA


@lru_cache(maxsize=1)
def _offline() -> None:
    tool = SHARED / "tools" / "offline_schemas.py"
    if tool.is_file():
        runpy.run_path(str(tool))["install"]()


def _know_our_own(said: dict[str, Any]) -> None:
    """The bridge serves the schema of its own extension; here nothing is served at the address that it declares."""
    for url in said["stac_extensions"]:
        if url.endswith(M2M_SCHEMA):
            pystac.validation.RegisteredValidator.get_validator().schema_cache[url] = orjson.loads(SCHEMA.read_bytes())


def validate(said: dict[str, Any]) -> None:
    """Raises what pystac raises for an Item or a Collection that is none; all declared extensions are checked."""
    _offline()
    _know_our_own(said)
    kind = {"Feature": pystac.Item, "Collection": pystac.Collection, "Catalog": pystac.Catalog}[said["type"]]
    checked = pystac.validation.validate_dict(said, stac_object_type=kind.STAC_OBJECT_TYPE)
    missing = set(said["stac_extensions"]) - set(checked)
    assert not missing, missing
