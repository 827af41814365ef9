"""The files beside the code, most of all ``facts/``: a sheet for each dataset, its filters and its products."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["labels_of", "read_yaml", "sheet", "sheets"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML has it, which is ten times as fast."""


@lru_cache(maxsize=1)
def sheets() -> dict[str, Any]:
    """Dataset, filters and products by the dataset's alias."""
    names = sorted(one.name for one in files("m2m_sandbox").joinpath("archive", "facts").iterdir())
    return {name.removesuffix(".yaml"): read_yaml("archive", "facts", name) for name in names if name.endswith(".yaml")}


def read_yaml(*place: str) -> Any:
    """What a file of the sandbox holds."""
    text = files("m2m_sandbox").joinpath(*place).read_text("utf-8")
    return yaml.load(text, _Loader)  # noqa: S506 -- both loaders are safe


def sheet(name: str) -> dict[str, Any]:
    """One of them. Raises KeyError."""
    found: dict[str, Any] = sheets()[name]
    return found


def labels_of(name: str) -> dict[str, str]:
    """The metadata filters' labels by their id."""
    return {str(said[0]): label for label, said in sheet(name).get("filters", {}).items()}
