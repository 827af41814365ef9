"""Loads mapping files. Errors name the file, line and row, and suggest the nearest valid word."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stac_bridge.errors import MappingInvalid
from stac_bridge.mapping.model import Mapping, Union
from stac_bridge.mapping.yaml_files import Rows, read_rows

_log = logging.getLogger(__name__)
_GENERIC = "_generic.yaml"
_MAX_LISTED_KEYS = 20
"""An error that finds no similar word lists the valid ones only if they are fewer than this."""

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mappings: by dataset alias, by pattern (the longest first), the generic one, and the unions."""

    by_dataset: dict[str, Mapping]
    generic: Mapping
    by_pattern: tuple[Mapping, ...] = ()
    unions: tuple[Union, ...] = ()

    def for_dataset(self, alias: str) -> Mapping:
        """Return the dataset's own mapping, else that of the longest matching pattern, else the generic one."""
        own = self.by_dataset.get(alias)
        if own is not None:
            return own
        return next((mapping for mapping in self.by_pattern if fnmatchcase(alias, mapping.dataset or "")), self.generic)


def shipped_folder() -> Path:
    """Return the folder of the shipped mappings: in the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def load_mappings(overlay: Path | None = None) -> Mappings:
    """Load the shipped mappings; a file in ``overlay`` replaces the shipped file of the same name.

    Raises MappingInvalid if a shipped file is broken or ``overlay`` is not a folder. A broken file in ``overlay`` is
    logged and skipped, because it must not take other datasets down; the shipped file of its name stays in use.
    """
    if overlay is not None and not overlay.is_dir():
        raise MappingInvalid(f"STAC_BRIDGE_MAPPINGS is {overlay}, which is not a folder.")
    mappings = _with_overlay(_mapping_files, read_mapping, overlay)
    unions = _with_overlay(union_files, read_union, overlay)
    generic = mappings.pop(_GENERIC)
    # Files of the overlay are read last. The sort is stable, so that after the reversal they come first among
    # patterns of the same length.
    patterns = sorted(
        (mapping for mapping in mappings.values() if mapping.is_pattern), key=lambda mapping: len(mapping.dataset or "")
    )[::-1]
    by_dataset = {
        mapping.dataset: mapping for mapping in mappings.values() if mapping.dataset and not mapping.is_pattern
    }
    return Mappings(by_dataset, generic, tuple(patterns), tuple(unions.values()))


def _with_overlay(
    list_files: Callable[[Path], list[Path]], read: Callable[[Path], _Model], overlay: Path | None
) -> dict[str, _Model]:
    """Return the shipped models by file name, with those of ``overlay`` in their place."""
    models = dict(_shipped(list_files, read))
    for path in list_files(overlay) if overlay else ():
        try:
            models[path.name] = read(path)
        except MappingInvalid as error:
            _log.error("%s Skipping this file.", error)
    return models


@cache
def _shipped(list_files: Callable[[Path], list[Path]], read: Callable[[Path], _Model]) -> dict[str, _Model]:
    """Return the shipped models by file name; cached, because shipped files do not change while a process runs."""
    return {path.name: read(path) for path in list_files(shipped_folder())}


def is_family(path: Path) -> bool:
    """Whether a file only holds rows for other files to extend."""
    return path.name.startswith("_") and path.name != _GENERIC


def read_mapping(path: Path) -> Mapping:
    """Read one mapping file with the families it extends. Raises MappingInvalid."""
    rows = read_rows(path, lambda name: family_file(path.parent, name))
    mapping = _validated(Mapping, rows)
    if mapping.is_generic != (path.name == _GENERIC):
        raise MappingInvalid(f"{rows.location(['dataset'])}: row dataset: must be empty in {_GENERIC} and only there.")
    return mapping


def read_union(path: Path) -> Union:
    """Read one file of a union. Raises MappingInvalid."""
    return _validated(Union, read_rows(path, lambda name: family_file(path.parent, name)))


def union_files(folder: Path) -> list[Path]:
    """Return the files of unions in a folder of mappings, sorted."""
    return sorted((folder / "unions").glob("*.yaml"))


def _validated(model: type[_Model], rows: Rows) -> _Model:
    try:
        return model.model_validate(rows.tables)
    except ValidationError as invalid:
        raise MappingInvalid("; ".join(_error_text(error, rows) for error in invalid.errors())) from None


def _mapping_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.yaml")) if not is_family(path)]


def family_file(folder: Path, name: str) -> Path:
    """Return the family's file in ``folder``, else the shipped one; it may not exist."""
    local = folder / f"{name}.yaml"
    return local if local.is_file() else shipped_folder() / f"{name}.yaml"


def _error_text(error: Any, rows: Rows) -> str:
    """Format one pydantic error: file and line, the row, what is wrong, and the nearest valid word."""
    row = f"{rows.location(error['loc'])}: row {'.'.join(str(part) for part in error['loc'])}"
    if error["type"] == "extra_forbidden":
        return f"{row}: unknown key {error['loc'][-1]!r}{_suggestion(str(error['loc'][-1]), _all_keys())}"
    if error["type"] == "literal_error":
        # pydantic has the allowed values as text only: "'a', 'b' or 'c'"
        allowed = [word.strip("' ") for word in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{row}: {error['input']!r} is not allowed{_suggestion(str(error['input']), allowed)}"
    return f"{row}: {error['msg'].removeprefix('Value error, ')}"


def _suggestion(word: str, allowed: list[str]) -> str:
    nearest = difflib.get_close_matches(word, allowed, 1, 0.5)
    if nearest:
        return f" (did you mean {nearest[0]!r}?)"
    return f" (allowed: {', '.join(allowed)})" if len(allowed) < _MAX_LISTED_KEYS else ""


def _all_keys() -> list[str]:
    """Return every key of every table of a mapping file."""
    from stac_bridge.mapping import model

    tables = [table for table in vars(model).values() if isinstance(table, type) and issubclass(table, BaseModel)]
    keys = {info.alias or name for table in tables for name, info in table.model_fields.items()}
    return sorted({*keys, "extends"})
