"""Read values that M2M writes in more than one way, and rows of them. An unreadable value is None, never an error."""

from __future__ import annotations

import logging
import re
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from stac_bridge.m2m.models.text import plain_line, plain_text

_log = logging.getLogger(__name__)

_MAX_COUNT = 2**53 - 1
"""The largest whole number that every reader of JSON keeps."""


class M2MModel(BaseModel):
    """An object in a response, with camelCase keys. Unknown keys are ignored: M2M adds some from time to time."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")


M = TypeVar("M", bound=M2MModel)


def read_rows(model: type[M], data: Any) -> tuple[M, ...]:
    """Read a list of objects. An unreadable one is skipped and logged: it must not hide the others.

    Raises ValueError if none is readable.
    """
    rows: list[M] = []
    raw_rows = as_list(data)
    for raw in raw_rows:
        try:
            rows.append(model.model_validate(raw))
        except ValidationError as error:
            _log.warning("Skipped an unreadable %s of M2M: %s", model.__name__, error.errors()[0]["msg"])
    if raw_rows and not rows:
        raise ValueError(f"no element is a {model.__name__}")
    return tuple(rows)


def as_map(value: Any) -> Any:
    """Return a map; an empty one comes as a list, and so does one whose keys count from 0 [REFERENCE §1].

    >>> as_map([]), as_map(None), as_map(["Worst", "Best"]), as_map({"a": 1})
    ({}, {}, {'0': 'Worst', '1': 'Best'}, {'a': 1})
    """
    if isinstance(value, list):
        return {str(position): element for position, element in enumerate(value)}
    return {} if value is None else value


def as_list(value: Any) -> Any:
    """Return a list; an empty one may come as a map or as null, and one with gaps as a map by position.

    >>> as_list({}), as_list({"0": "a", "2": "c"}), as_list({"id": "a"})
    ((), ('a', 'c'), {'id': 'a'})
    """
    if isinstance(value, dict) and all(str(key).isdecimal() for key in value):
        return tuple(value.values())
    return () if value is None else value


def as_text(value: Any) -> str | None:
    """Return text, or a number as text.

    >>> as_text("P1D"), as_text(6683), as_text(None), as_text(True), as_text(["a"])
    ('P1D', '6683', None, None, None)
    """
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def as_plain_text(value: Any) -> str | None:
    """Return a message as one line of at most 300 characters, without markup and URLs.

    >>> as_plain_text("This is <b>off</b>;<br>see <a href='https://x.example/?a=1'>here</a> &amp; https://x.example/.")
    'This is off; see here &'
    """
    words = " ".join(re.sub(r"\w+://\S+", " ", plain_line(as_text(value)) or "").split())
    return re.sub(r"(?<!<) (?=[,;.:!?])", "", words)[:300] or None


def as_names(value: Any) -> tuple[str, ...]:
    """Return a list of names, which may come as a single name or as a map.

    >>> as_names(["EE", None, "CWIC"]), as_names("EE"), as_names(None)
    (('EE', 'CWIC'), ('EE',), ())
    """
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
    return tuple(name for item in values if (name := as_text(item)))


def as_keywords(value: Any) -> str | None:
    """Return names joined by commas, as M2M writes keywords."""
    return ",".join(as_names(value)) or None


def as_count(value: Any) -> int | None:
    """Return a whole number from 0 on, also from a text that holds one. JSON cannot hold more than ``_MAX_COUNT``.

    >>> as_count("12"), as_count(7), as_count("many"), as_count(float("nan")), as_count(1e300), as_count(-1)
    (12, 7, None, None, None, None)
    """
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return count if 0 <= count <= _MAX_COUNT else None


def as_flag(value: Any) -> bool:
    """Return a boolean, which the documentation writes as Y and N [REFERENCE §1].

    >>> as_flag(True), as_flag("Y"), as_flag("N"), as_flag(None)
    (True, True, False, False)
    """
    return value.strip().casefold() in ("y", "yes", "true", "1") if isinstance(value, str) else bool(value)


def as_interval(value: Any) -> tuple[str | None, str | None] | None:
    """Return two dates, which come as a text that holds a JSON array [REFERENCE §4].

    >>> as_interval('["1897-04-05 00:00:00-06","2020-06-30 00:00:00-05"]')
    ('1897-04-05 00:00:00-06', '2020-06-30 00:00:00-05')
    >>> as_interval("always"), as_interval('["2020-06-30"]')
    (None, None)
    """
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    return as_text(value[0]), as_text(value[1])


def as_bounds(value: Any) -> dict[str, float] | None:
    """Return bounds with four numbers; None if one is missing.

    >>> as_bounds({"north": "48.5", "south": 45, "east": 9, "west": 5})
    {'north': 48.5, 'south': 45.0, 'east': 9.0, 'west': 5.0}
    >>> as_bounds({"north": "?", "south": 45, "east": 9, "west": 5}), as_bounds([])
    (None, None)
    """
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    try:
        return {side: float(value[side]) for side in ("north", "south", "east", "west")}
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


Text = Annotated[str | None, BeforeValidator(as_text)]
"""A field that may hold text, a number, or anything else, which is then None."""

Prose = Annotated[str | None, BeforeValidator(lambda value: plain_text(as_text(value)))]
"""A field of text for people, in paragraphs, without markup."""

Line = Annotated[str | None, BeforeValidator(lambda value: plain_line(as_text(value)))]
"""A field of text for people, such as a name, on one line and without markup."""

Label = Annotated[str, BeforeValidator(lambda value: plain_line(as_text(value)) or "")]
"""A field as ``Line``, empty if there is no text."""

Word = Annotated[str, BeforeValidator(lambda value: as_text(value) or "")]
"""A field of text or a number, empty if it holds anything else."""

Count = Annotated[int | None, BeforeValidator(as_count)]
"""A field of a whole number, which may come as text; None if it holds anything else."""

CountOrZero = Annotated[int, BeforeValidator(lambda value: as_count(value) or 0)]
"""A field of a whole number; 0 if it holds anything else."""

Flag = Annotated[bool, BeforeValidator(as_flag)]
"""A boolean field, in any of M2M's spellings."""
