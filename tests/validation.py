"""pystac's validation, with the schemas beside the project where they are, and fetched where they are not."""

from __future__ import annotations

import runpy
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pystac
from pystac.errors import STACValidationError
from pystac.validation import RegisteredValidator
from pystac.validation.stac_validator import JsonSchemaSTACValidator

import stac_bridge
from stac_bridge.translate.extensions import M2M_SCHEMA
from tests.support import SHARED

SCHEMA = Path(stac_bridge.__file__).parent / M2M_SCHEMA


class _OnceRead(JsonSchemaSTACValidator):
    """pystac's validator, which reads each schema once and not for every object anew: ten times as fast."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}

    def _validate_from_uri(
        self, stac_dict: dict[str, Any], stac_object_type: Any, schema_uri: str, href: str | None = None
    ) -> None:
        if schema_uri not in self._made:
            schema = self._get_schema(schema_uri)
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            self._made[schema_uri] = kind(schema, registry=self.registry)
        worst = jsonschema.exceptions.best_match(self._made[schema_uri].iter_errors(stac_dict))
        if worst:
            raise STACValidationError(f"{stac_dict['id']} against {schema_uri}: {worst}") from worst


@lru_cache(maxsize=1)
def look_up_schemas_offline() -> None:
    """For the rest of the process: what is not on this machine's own addresses is read from the shared folder."""
    RegisteredValidator.set_validator(_OnceRead())
    tool = SHARED / "tools" / "offline_schemas.py"
    if tool.is_file():
        runpy.run_path(str(tool))["install"]()


def _know_our_own(said: dict[str, Any]) -> None:
    """The bridge serves the schema of its own extension; here nothing is served at the address that it declares."""
    for url in said["stac_extensions"]:
        if url.endswith(M2M_SCHEMA):
            RegisteredValidator.get_validator().schema_cache.setdefault(
                url, orjson.loads(SCHEMA.read_bytes()) | {"$id": url}
            )


def validate(said: dict[str, Any]) -> None:
    """Raises what pystac raises for an Item or a Collection that is none; all declared extensions are checked."""
    look_up_schemas_offline()
    _know_our_own(said)
    kind = {"Feature": pystac.Item, "Collection": pystac.Collection, "Catalog": pystac.Catalog}[said["type"]]
    checked = pystac.validation.validate_dict(said, stac_object_type=kind.STAC_OBJECT_TYPE)
    missing = set(said["stac_extensions"]) - set(checked)
    assert not missing, missing
