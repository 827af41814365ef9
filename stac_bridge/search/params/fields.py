"""``fields`` → which parts of an Item or a Collection are given. What a filter sees is never changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.suggest import unknown

__all__ = ["COLLECTION", "EVERYTHING", "ITEM", "Fields", "Members", "read_fields"]

_HINT = 'fields is names with commas between, each with a minus to leave it out, or {"include": [], "exclude": []}'


@dataclass(frozen=True, slots=True)
class Members:
    """What an object is made of.

    ``names`` stand at its top, any other name is one of its properties (none: all names stand at the top);
    ``always`` tells one object from another and comes with whatever is included; ``default`` is what makes it
    valid, and is given when ``fields`` names nothing.
    """

    names: frozenset[str]
    always: tuple[str, ...]
    default: tuple[str, ...]

    def path(self, name: str) -> str:
        """Where a name that was asked for stands: ``datetime`` is ``properties.datetime`` in an Item."""
        return name if not self.names or name.partition(".")[0] in self.names else f"properties.{name}"


_TOP = "type stac_version stac_extensions id collection geometry bbox properties links assets"
_TIMES = ("properties.datetime", "properties.start_datetime", "properties.end_datetime")

ITEM = Members(
    names=frozenset(_TOP.split()),
    always=("type", "stac_version", "id", "collection"),
    default=("geometry", "bbox", "links", "assets", *_TIMES),
)
COLLECTION = Members(
    names=frozenset(),
    always=("type", "stac_version", "id"),
    default=("title", "description", "license", "extent", "links"),
)


@dataclass(frozen=True, slots=True)
class Fields:
    """Dotted paths to give and to leave out; ``rest`` tells of all others.

    Of two paths that both hold a part, the longer decides; of equal ones, the included.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    rest: bool = True

    def keeps(self, path: str) -> bool:
        """Whether anything at or below ``path`` is given: what is not need not be made."""
        return _keeps(self, path)

    def apply(self, said: dict[str, Any]) -> dict[str, Any]:
        """The parts of an Item or Collection that are given."""
        return said if self == EVERYTHING else self._parts(said, "")

    def _parts(self, said: dict[str, Any], above: str) -> dict[str, Any]:
        kept = {}
        for name, value in said.items():
            path = f"{above}{name}"
            if isinstance(value, dict) and self._divides(path):
                parts = self._parts(value, f"{path}.")
                if parts or self._given(path):
                    kept[name] = parts
            elif self._given(path):
                kept[name] = value
        return kept

    def _divides(self, path: str) -> bool:
        return any(one.startswith(f"{path}.") for named in (self.include, self.exclude) for one in named)

    def _given(self, path: str) -> bool:
        while path:
            if path in self.include:
                return True
            if path in self.exclude:
                return False
            path = path.rpartition(".")[0]
        return self.rest


EVERYTHING = Fields()


@lru_cache(maxsize=4096)
def _keeps(fields: Fields, path: str) -> bool:
    """Kept in mind, because it is asked of the same few paths for each Item of a page."""
    return fields._given(path) or any(one.startswith(f"{path}.") for one in fields.include)


def read_fields(said: Any, members: Members) -> Fields:
    """A ``fields`` parameter, as text of a GET or as JSON. Raises BadRequest.

    Names left out are left out of the whole object; where an empty ``include`` stands beside them, of the default.
    """
    named = _of_text(said) if isinstance(said, str) else said
    if not isinstance(named, Mapping):
        raise BadRequest(f"{_HINT}, not {said!r}; leave it out for everything.")
    _only_known(named)
    include, exclude = (frozenset(map(members.path, _names(named, side))) for side in ("include", "exclude"))
    if include:
        return Fields(include.union(members.always), exclude, rest=False)
    if exclude and "include" not in named:
        return Fields(frozenset(), exclude)
    default = (one for one in (*members.always, *members.default) if not _within(one, exclude))
    return Fields(frozenset(default), exclude, rest=False)


def _of_text(said: str) -> dict[str, list[str]]:
    """A plus sign in an address arrives as a blank."""
    words = [word.strip() for word in said.split(",") if word.strip()]
    include = [word.removeprefix("+") for word in words if not word.startswith("-")]
    exclude = [word[1:] for word in words if word.startswith("-")]
    return {"include": include, "exclude": exclude} if include else {"exclude": exclude}


def _only_known(named: Mapping[str, Any]) -> None:
    for name in named:
        if name not in ("include", "exclude"):
            raise unknown("fields has no list", str(name), ("include", "exclude"))


def _names(named: Mapping[str, Any], side: str) -> list[str]:
    names = named.get(side) or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise BadRequest(f"{_HINT}; its {side} is a list of names, not {names!r}.")
    return names


def _within(path: str, named: frozenset[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in named)
