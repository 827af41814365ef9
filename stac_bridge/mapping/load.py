"""Mapping files → Mapping values, with errors that name file, row and the nearest allowed word."""

from __future__ import annotations

import difflib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from stac_bridge.errors import MappingInvalid
from stac_bridge.mapping.model import Mapping

__all__ = ["Mappings", "load_mappings", "read_mapping", "shipped_folder"]

_log = logging.getLogger(__name__)
_GENERIC = "_generic.yaml"


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mappings: one for each dataset that has its own, and the generic one."""

    by_dataset: dict[str, Mapping]
    generic: Mapping

    def of(self, dataset: str) -> Mapping:
        """The mapping of a dataset's alias; the generic one where it has none of its own."""
        return self.by_dataset.get(dataset, self.generic)


def shipped_folder() -> Path:
    """The folder of shipped mappings: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def load_mappings(overlay: Path | None = None) -> Mappings:
    """The shipped mappings, with the files of ``overlay`` in place of those of the same name.

    A broken shipped file raises MappingInvalid; a broken file of the overlay is logged and left out, so that
    it takes no other dataset down.
    """
    found = {path.name: read_mapping(path) for path in sorted(shipped_folder().glob("*.yaml"))}
    if overlay is not None:
        if not overlay.is_dir():
            raise MappingInvalid(f"STAC_BRIDGE_MAPPINGS names {overlay}, which is no folder.")
        for path in sorted(overlay.glob("*.yaml")):
            try:
                found[path.name] = read_mapping(path)
            except MappingInvalid as broken:
                _log.error("%s This file is left out.", broken)
    generic = found.pop(_GENERIC)
    return Mappings({mapping.dataset: mapping for mapping in found.values() if mapping.dataset}, generic)


def read_mapping(path: Path) -> Mapping:
    """One mapping file. Raises MappingInvalid."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as unreadable:
        raise MappingInvalid(f"{path}: {_one_line(unreadable)}") from unreadable
    if not isinstance(said, dict):
        raise MappingInvalid(f"{path}: a mapping file is a table of dataset, item, properties and assets.")
    said = {key: value for key, value in said.items() if not str(key).startswith("_")}
    try:
        mapping = Mapping.model_validate(said)
    except ValidationError as invalid:
        raise MappingInvalid(f"{path}: " + "; ".join(_told(error) for error in invalid.errors())) from None
    if mapping.is_generic != (path.name == _GENERIC):
        raise MappingInvalid(f"{path}: row dataset: only {_GENERIC} may leave it empty, and must.")
    return mapping


def _told(error: Any) -> str:
    """One pydantic error as a sentence: the row, what is wrong, and the nearest allowed word."""
    row = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"row {row}: unknown word {error['loc'][-1]!r}{_nearest(str(error['loc'][-1]), _words())}"
    if error["type"] == "literal_error":
        allowed = [word.strip("' ") for word in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"row {row}: {error['input']!r} is not allowed{_nearest(str(error['input']), allowed)}"
    return f"row {row}: {error['msg'].removeprefix('Value error, ')}"


def _nearest(word: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(word, allowed, 1, 0.5)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (allowed: {', '.join(allowed)})" if len(allowed) < 20 else ""


def _words() -> list[str]:
    """Every key that some table of a mapping file may have."""
    from stac_bridge.mapping import model

    tables = [table for table in vars(model).values() if isinstance(table, type) and issubclass(table, BaseModel)]
    return sorted({info.alias or name for table in tables for name, info in table.model_fields.items()})


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
