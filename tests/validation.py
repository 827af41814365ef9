"""pystac's validation without a network: by the schemas that are on this machine, and by no other.

pystac brings those of STAC itself, the project that of its own extension, and the shared folder those of the other
extensions. A clone that has nothing beside it checks the first two.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import orjson
import pystac
from pystac.errors import STACValidationError
from pystac.validation import GetSchemaError, RegisteredValidator
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

import stac_bridge
from stac_bridge.translate.extensions import M2M_SCHEMA
from tests.support import FIXTURES, SHARED

SCHEMA = Path(stac_bridge.__file__).parent / M2M_SCHEMA
SCHEMAS = SHARED / "stac" / "schemas"
FURTHER_SCHEMAS = FIXTURES / "schemas"
"""Schemas that the shared folder lacks (Apache-2.0, as published by their extensions)."""


class OfflineValidator(JsonSchemaSTACValidator):
    """pystac's validator, which fetches nothing, and reads each schema once: ten times as fast."""

    def __init__(self, folder: Path = SCHEMAS) -> None:
        super().__init__()
        self.folder = folder
        self._own: dict[str, Any] = orjson.loads(SCHEMA.read_bytes())
        self._made: dict[str, Any] = {}
        for root in (FURTHER_SCHEMAS, folder):
            for file in root.rglob("*.json"):
                url = f"https://{file.relative_to(root).as_posix()}"
                self.schema_cache.setdefault(url, orjson.loads(file.read_bytes()))
        # alternate-assets 1.2.0 refers to parts of STAC 1.0.0, which version 1.1.0 only adds to
        for url in [url for url in self.schema_cache if "/v1.1.0/item-spec/" in url]:
            self.schema_cache.setdefault(url.replace("/v1.1.0/", "/v1.0.0/"), self.schema_cache[url])

    @property
    def has_all_schemas(self) -> bool:
        """Whether an extension without a schema is a fault, and not only a clone that is alone."""
        return self.folder.is_dir()

    def has(self, url: str) -> bool:
        """Whether the schema with this address is on this machine."""
        return url in self.schema_cache or url.endswith(f"/{M2M_SCHEMA}")

    def schema(self, url: str) -> dict[str, Any]:
        """The schema with this address. Raises GetSchemaError if it is not on this machine."""
        return self._get_schema(url)

    def _get_schema(self, schema_uri: str) -> dict[str, Any]:
        if not self.has(schema_uri):
            raise GetSchemaError(schema_uri, LookupError(f"It is not in {self.folder}, and tests use no network."))
        # each server declares the project's extension below its own address
        return self.schema_cache.setdefault(schema_uri, self._own | {"$id": schema_uri})

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


class LenientValidator(OfflineValidator):
    """The same, but an extension whose schema is not on this machine passes, as it does in ``validate``.

    Other programs validate all that is declared; in a clone that is alone, their other checks still count.
    """

    def _get_schema(self, schema_uri: str) -> dict[str, Any]:
        return super()._get_schema(schema_uri) if self.has(schema_uri) else {}


@lru_cache(maxsize=1)
def _validator() -> OfflineValidator:
    return OfflineValidator()


@lru_cache(maxsize=1)
def look_up_schemas_offline() -> None:
    """For the rest of the process, other programs' checks read the schemas that are on this machine."""
    validator = _validator() if _validator().has_all_schemas else LenientValidator()
    RegisteredValidator.set_validator(validator)
    send = HTTPAdapter.send

    def send_or_look_up(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:
        url = str(request.url)
        if urlsplit(url).hostname == "127.0.0.1":
            return send(adapter, request, **options)
        response = Response()
        response.url, response.request = url, request
        try:
            response.status_code, response.raw = 200, BytesIO(orjson.dumps(validator.schema(url)))
        except GetSchemaError:
            response.status_code, response.raw = 404, BytesIO(b"{}")
        return response

    HTTPAdapter.send = send_or_look_up  # stac-validator reads schemas through requests


def validate(stac: dict[str, Any], validator: OfflineValidator | None = None) -> list[str]:
    """The schemas that an Item, a Collection or a Catalog was checked against; raises what pystac raises.

    Each declared extension is checked if its schema is on this machine, which all are if the shared folder is.
    """
    validator = validator or _validator()
    declared: list[str] = stac.get("stac_extensions", [])
    known = [url for url in declared if validator.has(url)]
    assert known == declared or not validator.has_all_schemas, set(declared) - set(known)
    kind = {"Feature": pystac.Item, "Collection": pystac.Collection, "Catalog": pystac.Catalog}[stac["type"]]
    checked = pystac.validation.validate_dict(
        stac, stac_object_type=kind.STAC_OBJECT_TYPE, extensions=known, validator=validator
    )
    assert set(known) < set(checked), set(known) - set(checked)
    return checked
