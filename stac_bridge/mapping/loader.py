"""Mapping files → Mapping values, with errors that name file, line, row and the nearest allowed word."""

from __future__ import annotations

import difflib
import logging
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from stac_bridge.errors import MappingInvalid
from stac_bridge.mapping.model import Mapping, Union
from stac_bridge.mapping.yaml_files import Rows, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Mappings",
    "family_file",
    "is_family",
    "load_mappings",
    "read_mapping",
    "read_union",
    "shipped_folder",
    "union_files",
]

_log = logging.getLogger(__name__)
_GENERIC = "_generic.yaml"

_Read = TypeVar("_Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mappings: of datasets by alias, of families by pattern (the longest first), and the generic one."""

    by_dataset: dict[str, Mapping]
    generic: Mapping
    by_pattern: tuple[Mapping, ...] = ()
    unions: tuple[Union, ...] = ()

    def of(self, dataset: str) -> Mapping:
        """The mapping of a dataset's alias: its own, else its family's, else the generic one."""
        own = self.by_dataset.get(dataset)
        if own is not None:
            return own
        return next((one for one in self.by_pattern if fnmatchcase(dataset, one.dataset or "")), self.generic)


def shipped_folder() -> Path:
    """The folder of shipped mappings: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def load_mappings(overlay: Path | None = None) -> Mappings:
    """The shipped mappings, with the files of ``overlay`` in place of those of the same name.

    A broken shipped file raises MappingInvalid; a broken file of the overlay is logged and left out, so that
    it takes no other dataset down, and a shipped one of its name stays.
    """
    if overlay is not None and not overlay.is_dir():
        raise MappingInvalid(f"STAC_BRIDGE_MAPPINGS names {overlay}, which is no folder.")
    found = _laid_over(_files, read_mapping, overlay)
    unions = _laid_over(union_files, read_union, overlay)
    generic = found.pop(_GENERIC)
    # A file laid over comes last, and is asked first among patterns of one length.
    patterns = sorted((one for one in found.values() if one.is_pattern), key=lambda one: len(one.dataset or ""))[::-1]
    own = {one.dataset: one for one in found.values() if one.dataset and not one.is_pattern}
    return Mappings(own, generic, tuple(patterns), tuple(unions.values()))


def _laid_over(
    files: Callable[[Path], list[Path]], read: Callable[[Path], _Read], overlay: Path | None
) -> dict[str, _Read]:
    """By file name: what is shipped, with what the overlay has in its place."""
    found = dict(_shipped(files, read))
    for path in files(overlay) if overlay else ():
        try:
            found[path.name] = read(path)
        except MappingInvalid as broken:
            _log.error("%s This file is left out.", broken)
    return found


@cache
def _shipped(files: Callable[[Path], list[Path]], read: Callable[[Path], _Read]) -> dict[str, _Read]:
    """By file name; what is shipped does not change while a process runs."""
    return {path.name: read(path) for path in files(shipped_folder())}


def is_family(path: Path) -> bool:
    """Whether a file only holds rows for others to extend."""
    return path.name.startswith("_") and path.name != _GENERIC


def read_mapping(path: Path) -> Mapping:
    """One mapping file, laid over the families it extends. Raises MappingInvalid."""
    rows = read_rows(path, lambda name: family_file(path.parent, name))
    mapping = _validated(Mapping, rows)
    if mapping.is_generic != (path.name == _GENERIC):
        raise MappingInvalid(f"{rows.where(['dataset'])}: row dataset: only {_GENERIC} may leave it empty, and must.")
    return mapping


def read_union(path: Path) -> Union:
    """One file of a union. Raises MappingInvalid."""
    return _validated(Union, read_rows(path, lambda name: family_file(path.parent, name)))


def union_files(folder: Path) -> list[Path]:
    """The files of unions in a folder of mappings."""
    return sorted((folder / "unions").glob("*.yaml"))


def _validated(model: type[_Read], rows: Rows) -> _Read:
    try:
        return model.model_validate(rows.said)
    except ValidationError as invalid:
        raise MappingInvalid("; ".join(_told(error, rows) for error in invalid.errors())) from None


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.yaml")) if not is_family(path)]


def family_file(folder: Path, name: str) -> Path:
    """A family beside the file that extends it, else the shipped one."""
    beside = folder / f"{name}.yaml"
    return beside if beside.is_file() else shipped_folder() / f"{name}.yaml"


def _told(error: Any, rows: Rows) -> str:
    """One pydantic error as a sentence: file and line, the row, what is wrong, and the nearest allowed word."""
    row = f"{rows.where(error['loc'])}: row {'.'.join(str(part) for part in error['loc'])}"
    if error["type"] == "extra_forbidden":
        return f"{row}: unknown word {error['loc'][-1]!r}{_nearest(str(error['loc'][-1]), _words())}"
    if error["type"] == "literal_error":
        allowed = [word.strip("' ") for word in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{row}: {error['input']!r} is not allowed{_nearest(str(error['input']), allowed)}"
    return f"{row}: {error['msg'].removeprefix('Value error, ')}"


def _nearest(word: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(word, allowed, 1, 0.5)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (allowed: {', '.join(allowed)})" if len(allowed) < 20 else ""


def _words() -> list[str]:
    """Every key that some table of a mapping file may have."""
    from stac_bridge.mapping import model

    tables = [table for table in vars(model).values() if isinstance(table, type) and issubclass(table, BaseModel)]
    words = {info.alias or name for table in tables for name, info in table.model_fields.items()}
    return sorted({*words, "extends"})
