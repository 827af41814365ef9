"""A mapping file as plain tables, laid over the families it extends, with the line where each row stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from stac_bridge.errors import MappingInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["Rows", "read_rows"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML has it, which reads the shipped files ten times as fast."""

Place = tuple[str, ...]
_FAMILY = "_"
"""What a family's file name begins with; so do the keys of a file that only hold what others repeat."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The tables that a file says with its families, and for each row the file and line where it stands."""

    said: dict[str, Any]
    lines: dict[Place, tuple[Path, int]]

    def where(self, place: Iterable[object]) -> str:
        """File and line of a row, or of the nearest table around it that is written down."""
        wanted = tuple(str(part) for part in place)
        for length in range(len(wanted), -1, -1):
            if wanted[:length] in self.lines:
                path, line = self.lines[wanted[:length]]
                return f"{path}:{line}"
        raise KeyError(place)


def read_rows(path: Path, family_of: Callable[[str], Path]) -> Rows:
    """A mapping file laid over the families it names; ``family_of`` tells where a family's file is.

    Tables are joined row by row, null takes a row of the family away, anything else replaces it.
    Raises MappingInvalid.
    """
    own = _read(path)
    names = own.said.pop("extends", [])
    whole = Rows({}, {})
    for name in [names] if isinstance(names, str) else names:
        whole = _laid_over(whole, _family(own, str(name), family_of))
    return _laid_over(whole, own)


def _family(own: Rows, name: str, family_of: Callable[[str], Path]) -> Rows:
    path = family_of(name)
    if not path.is_file():
        raise MappingInvalid(f"{own.where(['extends'])}: row extends: there is no family {name!r}.")
    family = _read(path)
    if "extends" in family.said:
        raise MappingInvalid(f"{family.where(['extends'])}: row extends: a family extends no other.")
    family.said.pop("dataset", None)
    return family


def _read(path: Path) -> Rows:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        lines: dict[Place, tuple[Path, int]] = {(): (path, 1)}
        _note(node, (), path, lines)
        said = loader.construct_document(node) if node else None
    except yaml.YAMLError as unreadable:
        mark = getattr(unreadable, "problem_mark", None)
        at = f"{path}:{mark.line + 1}" if mark else path
        raise MappingInvalid(f"{at}: {getattr(unreadable, 'problem', None) or unreadable}") from unreadable
    except (OSError, UnicodeError, ValueError, RecursionError) as unreadable:
        raise MappingInvalid(f"{path}: {' '.join(str(unreadable).split())}") from unreadable
    if not isinstance(said, dict):
        raise MappingInvalid(f"{path}: a mapping file is a table of dataset, item, properties and assets.")
    return Rows({str(key): value for key, value in said.items() if not str(key).startswith(_FAMILY)}, lines)


def _note(node: yaml.Node | None, place: Place, path: Path, lines: dict[Place, tuple[Path, int]]) -> None:
    """Write down the line of each key and list element; a key said twice in one table is an error."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                raise yaml.MarkedYAMLError(
                    problem=f"row {'.'.join(here)} stands here twice", problem_mark=key.start_mark
                )
            lines[here] = (path, key.start_mark.line + 1)
            _note(value, here, path, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*place, str(number))] = (path, value.start_mark.line + 1)
            _note(value, (*place, str(number)), path, lines)


def _laid_over(below: Rows, above: Rows) -> Rows:
    return Rows(_joined(below.said, above.said), {**below.lines, **above.lines})


def _joined(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    whole = dict(below)
    for key, value in above.items():
        if value is None and key in below:
            del whole[key]
        elif isinstance(value, dict) and isinstance(below.get(key), dict) and not _other_source(below[key], value):
            whole[key] = _joined(below[key], value)
        else:
            whole[key] = value
    return whole


def _other_source(below: dict[str, Any], above: dict[str, Any]) -> bool:
    """Whether a row takes its value from elsewhere: then nothing of the family's row is meant."""
    return bool({"scene", "field", "value"} & above.keys()) and bool({"scene", "field", "value"} & below.keys())
