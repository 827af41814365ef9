"""The mapping files of the package and of STAC_BRIDGE_MAPPINGS, as ``stac-bridge mappings`` lists and shows them."""

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


def list_files() -> list[dict[str, Any]]:
    """A summary of each mapping file; only ``file`` and ``fault`` if it is invalid."""
    return [_summary(path) for path in _files()]


def list_unions() -> tuple[Union, ...]:
    """All unions. Raises MappingInvalid."""
    return load_mappings(_overlay()).unions


def rows_of(name: str) -> tuple[Path, dict[str, Any]] | None:
    """The file of a dataset or union, and its rows merged with those it extends; None if there is no such file."""
    path = _file_of(name)
    if path is None:
        return None
    return path, read_rows(path, lambda family: family_file(path.parent, family)).tables


def check_files() -> tuple[list[Mapping], list[str]]:
    """The valid mappings, and the faults of the invalid ones and of unions."""
    mappings, faults = [], []
    for path in _files():
        try:
            mappings.append(read_mapping(path))
        except MappingInvalid as error:
            faults.append(str(error))
    for path in _union_files():
        try:
            read_union(path)
        except MappingInvalid as error:
            faults.append(str(error))
    return mappings, faults


def _summary(path: Path) -> dict[str, Any]:
    try:
        mapping = read_mapping(path)
    except MappingInvalid as error:
        return {"file": path.name, "fault": str(error)}
    counts = {"properties": len(mapping.properties), "assets": len(mapping.assets)}
    return {"dataset": mapping.dataset, "file": path.name, **counts, "title": mapping.collection.title or ""}


def _overlay() -> Path | None:
    return Settings().mappings


def _files() -> list[Path]:
    return [path for folder in _folders() for path in sorted(folder.glob("*.yaml")) if not is_family(path)]


def _union_files() -> list[Path]:
    return [path for folder in _folders() for path in union_files(folder)]


def _folders() -> list[Path]:
    return [folder for folder in (shipped_folder(), _overlay()) if folder]


def _file_of(name: str) -> Path | None:
    """The file of a dataset, or of a union by its id or an alias."""
    mappings = load_mappings(_overlay())
    union = next((union for union in mappings.unions if name in (union.union, *union.aliases)), None)
    # In reverse, because a file of the overlay replaces a shipped one.
    if union and name not in mappings.by_dataset:
        return next((path for path in reversed(_union_files()) if _defines(path, union, read_union)), None)
    return next((path for path in reversed(_files()) if _defines(path, mappings.for_dataset(name), read_mapping)), None)


def _defines(path: Path, value: Mapping | Union, read: Callable[[Path], Mapping | Union]) -> bool:
    try:
        return read(path) == value
    except MappingInvalid:
        return False
