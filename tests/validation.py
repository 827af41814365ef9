"""pystac's validation, with the schemas beside the project where they are, and fetched where they are not."""

from __future__ import annotations

import runpy
from functools import lru_cache
from typing import Any

import pystac

from tests.support import SHARED


@lru_cache(maxsize=1)
def look_up_schemas_offline() -> None:
    """For the rest of the process: what is not on this machine's own addresses is read from the shared folder."""
    tool = SHARED / "tools" / "offline_schemas.py"
    if tool.is_file():
        runpy.run_path(str(tool))["install"]()


def validate(said: dict[str, Any]) -> None:
    """Raises what pystac raises for an Item or a Collection that is none; all declared extensions are checked."""
    look_up_schemas_offline()
    kind = {"Feature": pystac.Item, "Collection": pystac.Collection, "Catalog": pystac.Catalog}[said["type"]]
    checked = pystac.validation.validate_dict(said, stac_object_type=kind.STAC_OBJECT_TYPE)
    missing = set(said["stac_extensions"]) - set(checked)
    assert not missing, missing
