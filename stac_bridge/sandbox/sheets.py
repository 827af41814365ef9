"""The files of ``facts/``, a sheet for each dataset: what M2M says of it, of its filters and of its products."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["labels_of", "sheet", "sheets"]


@lru_cache(maxsize=1)
def sheets() -> dict[str, Any]:
    """Dataset, filters and products by the dataset's alias."""
    folder = files("stac_bridge.sandbox").joinpath("facts")
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return {one.name.removesuffix(".yaml"): _read(one.read_text("utf-8")) for one in found}


def _read(text: str) -> Any:
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- both are safe


def sheet(name: str) -> dict[str, Any]:
    """One of them. Raises KeyError."""
    found: dict[str, Any] = sheets()[name]
    return found


def labels_of(name: str) -> dict[str, str]:
    """The metadata filters' labels by their id."""
    return {str(said[0]): label for label, said in sheet(name).get("filters", {}).items()}
