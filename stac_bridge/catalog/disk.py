"""The catalog as a file, so that a restart, or a time without M2M, costs no call."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from stac_bridge.catalog.catalog import Catalog, build_catalog
from stac_bridge.catalog.entry import DatasetDetails
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.mapping import Mappings

_log = logging.getLogger(__name__)

_VERSION = 2

_OLD_FILE_NAME = "catalogue.json"
"""The file's name in earlier versions. It is read once: the first save writes the new name."""

_DIGEST = "digest"
"""The key with a digest of the rest. Files without it are from earlier versions."""

_datasets = TypeAdapter(tuple[Dataset, ...])
_filters = TypeAdapter(tuple[DatasetFilter, ...])
_products = TypeAdapter(tuple[DatasetProduct, ...])


def save_catalog(catalog: Catalog, path: Path) -> None:
    """Write the catalog to ``path``, as a whole or not at all. A disk that refuses is logged, not raised."""
    document: dict[str, Any] = {
        "version": _VERSION,
        "fetched": catalog.fetched,
        "datasets": _datasets.dump_python(
            tuple(entry.dataset for entry in catalog.entries.values()), mode="json", by_alias=True
        ),
        "details": {
            entry.id: {
                "filters": _filters.dump_python(entry.details.filters, mode="json", by_alias=True),
                "products": _products.dump_python(entry.details.products, mode="json", by_alias=True),
            }
            for entry in catalog.entries.values()
            if entry.details is not None
        },
    }
    content = orjson.dumps(document | {_DIGEST: _digest(document)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(path, content)
    except OSError as error:
        _log.error("The catalog could not be saved to %s: %s", path, error)


def _digest(document: dict[str, Any]) -> str:
    """Return a digest of a document without its own: a disk can change a value into another that is valid."""
    rest = {name: value for name, value in document.items() if name != _DIGEST}
    return hashlib.sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _replace_file(path: Path, content: bytes) -> None:
    """Raises OSError. The temporary file is removed then, because each refresh would fill a full disk further."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise


def load_catalog(path: Path, mappings: Mappings) -> Catalog | None:
    """Return the catalog saved at ``path``, or None if there is none or it cannot be read."""
    if not path.exists():
        path = path.with_name(_OLD_FILE_NAME)
    try:
        document: dict[str, Any] = orjson.loads(path.read_bytes())
        if document["version"] != _VERSION:
            return None
        digest = document.get(_DIGEST)
        if digest is not None and digest != _digest(document):
            raise ValueError("it is damaged")
        # A time in the future, from a clock that was wrong, would put off the next refresh.
        fetched = min(float(document["fetched"]), time.time())
        catalog = build_catalog(_datasets.validate_python(document["datasets"]), mappings, fetched)
        for dataset, details in document.get("details", document.get("learnt", {})).items():
            catalog = catalog.replace_details(
                dataset,
                DatasetDetails(
                    _filters.validate_python(details["filters"]), _products.validate_python(details["products"])
                ),
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        _log.warning("The catalog saved at %s cannot be read and is fetched again: %s", path, error)
        return None
    return catalog
