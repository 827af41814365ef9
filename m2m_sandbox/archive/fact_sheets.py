"""Reads the YAML files of the package, mainly ``facts/``: one sheet per dataset with its filters and products."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

_YamlLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser if PyYAML was built with it: ten times as fast."""


@lru_cache(maxsize=1)
def sheets() -> dict[str, Any]:
    """Return all sheets by dataset alias."""
    names = sorted(file.name for file in files("m2m_sandbox").joinpath("archive", "facts").iterdir())
    return {name.removesuffix(".yaml"): read_yaml("archive", "facts", name) for name in names if name.endswith(".yaml")}


def read_yaml(*path: str) -> Any:
    """Parse a YAML file, given by its path inside the package."""
    text = files("m2m_sandbox").joinpath(*path).read_text("utf-8")
    return yaml.load(text, _YamlLoader)  # noqa: S506 -- both loaders are safe


def sheet(name: str) -> dict[str, Any]:
    """Return the sheet of one dataset. Raises KeyError for an unknown alias."""
    document: dict[str, Any] = sheets()[name]
    return document


def labels_of(name: str) -> dict[str, str]:
    """Return the labels of a dataset's metadata filters by filter id."""
    return {str(row[0]): label for label, row in sheet(name).get("filters", {}).items()}


@cache
def _limits() -> frozenset[str]:
    rows = (row for document in sheets().values() for row in document.get("filters", {}).values())
    return frozenset(str(row[0]) for row in rows if row[2].endswith("<= ?"))


def is_limit(filter_id: str) -> bool:
    """Test whether the value of a filter is an upper limit, as its ``searchSql`` shows."""
    return filter_id in _limits()
