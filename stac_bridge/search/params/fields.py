"""``fields`` → which parts of an Item or a Collection are returned. Filters always see the whole Item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.suggest import unknown_name

_MAX_LEVELS = 16
"""Levels of a path that are compared; an Item has at most six, and a name can have a million dots."""

_HINT = 'fields is names with commas between, each with a minus to leave it out, or {"include": [], "exclude": []}'


@dataclass(frozen=True, slots=True)
class Members:
    """The members of an Item or a Collection.

    ``names`` are its top-level members, any other name is one of its properties (if empty, all names are top-level);
    ``always`` identifies the object and is returned with whatever is included; ``default`` makes it valid, and is
    returned if ``fields`` names nothing.
    """

    names: frozenset[str]
    always: tuple[str, ...]
    default: tuple[str, ...]

    def path(self, name: str) -> str:
        """Return the dotted path of a requested name: ``datetime`` is ``properties.datetime`` in an Item."""
        return name if not self.names or name.partition(".")[0] in self.names else f"properties.{name}"


_TOP_LEVEL = "type stac_version stac_extensions id collection geometry bbox properties links assets"
_TIMES = ("properties.datetime", "properties.start_datetime", "properties.end_datetime")

ITEM = Members(
    names=frozenset(_TOP_LEVEL.split()),
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
    """Dotted paths to include and to exclude; ``rest`` is whether all other paths are included.

    Of two paths that both contain a part, the longer one decides; of equal ones, the included one.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    rest: bool = True

    def wants(self, path: str) -> bool:
        """Return whether anything at or below ``path`` is returned; if not, it need not be made."""
        return _wants(self, path)

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the requested parts of an Item or a Collection."""
        return document if self == ALL_FIELDS else self._parts(document, "")

    def _parts(self, document: dict[str, Any], prefix: str) -> dict[str, Any]:
        result = {}
        for name, value in document.items():
            path = f"{prefix}{name}"
            if isinstance(value, dict) and self._divides(path):
                parts = self._parts(value, f"{path}.")
                if parts or self._includes(path):
                    result[name] = parts
            elif self._includes(path):
                result[name] = value
        return result

    def _divides(self, path: str) -> bool:
        """Whether a path below this one is named."""
        return path in _parents(self.include) or path in _parents(self.exclude)

    def _includes(self, path: str) -> bool:
        while path:
            if path in self.include:
                return True
            if path in self.exclude:
                return False
            path = path.rpartition(".")[0]
        return self.rest


ALL_FIELDS = Fields()


@lru_cache(maxsize=4096)
def _wants(fields: Fields, path: str) -> bool:
    """Cached, because it is called with the same few paths for each Item of a page."""
    return fields._includes(path) or path in _parents(fields.include)


@lru_cache(maxsize=256)
def _parents(paths: frozenset[str]) -> frozenset[str]:
    """The paths above these, as a set: comparing thousands of names with each part of each Item takes seconds."""
    parts = [path.split(".", _MAX_LEVELS)[:_MAX_LEVELS] for path in paths if "." in path]
    return frozenset(".".join(names[:count]) for names in parts for count in range(1, len(names)))


def read_fields(value: Any, members: Members) -> Fields:
    """Parse a ``fields`` parameter, as text of a GET or as JSON. Raises BadRequest.

    Names are excluded from the whole object if ``include`` is missing, and from the default if it is null or empty. In
    text it is never missing, by the extension ("null vs. empty vs. missing"); pgstac excludes from the whole object in
    all these cases.
    """
    names = _parse_text(value) if isinstance(value, str) else {} if value is None else value
    if not isinstance(names, Mapping):
        raise BadRequest(f"{_HINT}, not {value!r}; leave it out for everything.")
    _check_lists(names)
    include, exclude = (frozenset(map(members.path, _names(names, key))) for key in ("include", "exclude"))
    if include:
        return Fields(include.union(members.always), exclude, rest=False)
    if exclude and "include" not in names:
        return Fields(frozenset(), exclude)
    default = (path for path in (*members.always, *members.default) if not _is_within(path, exclude))
    return Fields(frozenset(default), exclude, rest=False)


def _parse_text(text: str) -> dict[str, list[str]]:
    names = [name.strip() for name in text.split(",") if name.strip()]  # a plus sign in a URL arrives as a space
    include = [name.removeprefix("+") for name in names if not name.startswith("-")]
    exclude = [name[1:] for name in names if name.startswith("-")]
    return {"include": include, "exclude": exclude}


def _check_lists(value: Mapping[str, Any]) -> None:
    for name in value:
        if name not in ("include", "exclude"):
            raise unknown_name("fields has no list", str(name), ("include", "exclude"))


def _names(value: Mapping[str, Any], key: str) -> list[str]:
    names = value.get(key) or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise BadRequest(f"{_HINT}; its {key} is a list of names, not {names!r}.")
    return names


def _is_within(path: str, names: frozenset[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in names)
