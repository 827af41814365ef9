"""Reads a mapping file into plain tables, merged with the families it extends, and records each row's line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from stac_bridge.errors import MappingInvalid

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader if PyYAML was built with it: it reads the shipped files ten times as fast."""

RowPath = tuple[str, ...]
"""The keys that lead to a row, such as ("properties", "gsd", "as"); list elements by their index."""

_FAMILY_PREFIX = "_"
"""The first character of a family's file name, and of keys that only hold YAML anchors for other rows."""

_SOURCES = {"scene", "field", "value"}
"""The keys of a row that name its source; a row has exactly one of them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The tables of a file merged with its families, and the file and line (from 1) of each row."""

    tables: dict[str, Any]
    lines: dict[RowPath, tuple[Path, int]]

    def location(self, row: Iterable[object]) -> str:
        """Return "file:line" of a row, or of the innermost table around it that the file has."""
        path = tuple(str(part) for part in row)
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                file, line = self.lines[path[:length]]
                return f"{file}:{line}"
        raise KeyError(row)


def read_rows(path: Path, family_of: Callable[[str], Path]) -> Rows:
    """Read a mapping file and the families it extends; ``family_of`` returns the path of a family's file.

    Tables are merged row by row: null removes a row of the family, any other value replaces it.
    Raises MappingInvalid.
    """
    own = _read(path)
    names = own.tables.pop("extends", [])
    merged = Rows({}, {})
    for name in [names] if isinstance(names, str) else names:
        merged = _merge(merged, _read_family(own, str(name), family_of))
    return _merge(merged, own)


def _read_family(own: Rows, name: str, family_of: Callable[[str], Path]) -> Rows:
    path = family_of(name)
    if not path.is_file():
        raise MappingInvalid(f"{own.location(['extends'])}: row extends: there is no family {name!r}.")
    family = _family_rows(path, path.stat().st_mtime_ns)
    if "extends" in family.tables:
        raise MappingInvalid(f"{family.location(['extends'])}: row extends: a family cannot extend another one.")
    return family


@lru_cache(maxsize=32)
def _family_rows(path: Path, _modified: int) -> Rows:
    """Read a family's file once: many files extend it, and reading it each time took 0.25 s of a server's start."""
    family = _read(path)
    return Rows({key: value for key, value in family.tables.items() if key != "dataset"}, family.lines)


def _read(path: Path) -> Rows:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        lines: dict[RowPath, tuple[Path, int]] = {(): (path, 1)}
        _record_lines(node, (), path, lines)
        tables = loader.construct_document(node) if node else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{path}:{mark.line + 1}" if mark else path
        raise MappingInvalid(f"{location}: {getattr(error, 'problem', None) or error}") from error
    except (OSError, UnicodeError, ValueError, RecursionError) as error:
        raise MappingInvalid(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(tables, dict):
        raise MappingInvalid(f"{path}: a mapping file is a table of dataset, item, properties and assets.")
    return Rows({str(key): value for key, value in tables.items() if not str(key).startswith(_FAMILY_PREFIX)}, lines)


def _record_lines(node: yaml.Node | None, parent: RowPath, file: Path, lines: dict[RowPath, tuple[Path, int]]) -> None:
    """Record the line of each key and list element. Raises YAMLError if a table has a key twice.

    PyYAML itself accepts duplicate keys and silently keeps the last one.
    """
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            row = (*parent, str(key.value))
            if row in lines:
                raise yaml.MarkedYAMLError(problem=f"row {'.'.join(row)} is written twice", problem_mark=key.start_mark)
            lines[row] = (file, key.start_mark.line + 1)
            _record_lines(value, row, file, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            row = (*parent, str(index))
            lines[row] = (file, value.start_mark.line + 1)
            _record_lines(value, row, file, lines)


def _merge(below: Rows, above: Rows) -> Rows:
    return Rows(_merge_tables(below.tables, above.tables), {**below.lines, **above.lines})


def _merge_tables(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value is None and key in below:
            del merged[key]
        elif isinstance(value, dict) and isinstance(below.get(key), dict) and not _both_have_source(below[key], value):
            merged[key] = _merge_tables(below[key], value)
        else:
            merged[key] = value
    return merged


def _both_have_source(below: dict[str, Any], above: dict[str, Any]) -> bool:
    """Whether both rows name a source.

    Then the upper row replaces the lower one whole: the lower one's converter and filter belong to its source.
    """
    return bool(_SOURCES & above.keys()) and bool(_SOURCES & below.keys())
