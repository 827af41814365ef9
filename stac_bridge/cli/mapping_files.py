"""Mapping files as the commands tell of them: the shipped ones, then those that the settings lay over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.errors import MappingInvalid
from stac_bridge.mapping.loader import (
    family_file,
    is_family,
    load_mappings,
    read_mapping,
    read_union,
    shipped_folder,
    union_files,
)
from stac_bridge.mapping.yaml_files import read_rows
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stac_bridge.mapping import Mapping, Union

__all__ = ["checked", "listed", "rows_of", "unions"]


def listed() -> list[dict[str, Any]]:
    """What the list says of each file; ``fault`` in place of all that where it cannot be read."""
    return [_listed(path) for path in _files()]


def unions() -> tuple[Union, ...]:
    """All of them. Raises MappingInvalid."""
    return load_mappings(_overlay()).unions


def rows_of(name: str) -> tuple[Path, dict[str, Any]] | None:
    """The file that serves a dataset or a union, and its rows with what they extend; None where there is none."""
    path = _serving(name)
    if path is None:
        return None
    return path, read_rows(path, lambda family: family_file(path.parent, family)).tables


def checked() -> tuple[list[Mapping], list[str]]:
    """The mappings that can be read, and what is wrong with the others, and with unions."""
    found, wrong = [], []
    for path in _files():
        try:
            found.append(read_mapping(path))
        except MappingInvalid as broken:
            wrong.append(str(broken))
    for path in _union_files():
        try:
            read_union(path)
        except MappingInvalid as broken:
            wrong.append(str(broken))
    return found, wrong


def _listed(path: Path) -> dict[str, Any]:
    try:
        found = read_mapping(path)
    except MappingInvalid as broken:
        return {"file": path.name, "fault": str(broken)}
    counts = {"properties": len(found.properties), "assets": len(found.assets)}
    return {"dataset": found.dataset, "file": path.name, **counts, "title": found.collection.title or ""}


def _overlay() -> Path | None:
    return Settings().mappings


def _files() -> list[Path]:
    return [path for folder in _folders() for path in sorted(folder.glob("*.yaml")) if not is_family(path)]


def _union_files() -> list[Path]:
    return [path for folder in _folders() for path in union_files(folder)]


def _folders() -> list[Path]:
    return [folder for folder in (shipped_folder(), _overlay()) if folder]


def _serving(name: str) -> Path | None:
    """The file of a dataset, or of a union by any of its names."""
    mappings = load_mappings(_overlay())
    union = next((one for one in mappings.unions if name in (one.union, *one.aliases)), None)
    if union and name not in mappings.by_dataset:
        return next((path for path in reversed(_union_files()) if _is_of(path, union, read_union)), None)
    return next((path for path in reversed(_files()) if _is_of(path, mappings.for_dataset(name), read_mapping)), None)


def _is_of(path: Path, served: Mapping | Union, read: Callable[[Path], Mapping | Union]) -> bool:
    try:
        return read(path) == served
    except MappingInvalid:
        return False
