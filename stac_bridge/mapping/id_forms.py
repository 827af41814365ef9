"""Forms in which other services and files write the ids of a dataset's Items, such as scene ids and file names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from pydantic import model_validator

from stac_bridge.mapping.rows import MappingTable

Convert = Callable[[str], str]

_TOKEN = re.compile(r"\{(?P<name>\w+)(?::(?P<glob>[^{}]+))?\}|(?P<literal>[^{}]+)")
_GLOB_TOKEN = re.compile(r"\[[^\]]+\]|.")
_CHARACTER = "[^_.]"
"""A form's wildcards match no separator, because separators are what an id is recognized by."""

DAY = "day"
"""The name of the part that holds the day of acquisition as YYYYMMDD or YYYYDDD."""


class IdForm(MappingTable):
    """A form of an id, and what it says about the Item.

    ``form`` is literal text with ``*``, ``?``, ``[…]`` and named parts: ``{place}``, ``{day:8}`` (8 characters) or
    ``{scene:LE7*}``. Wildcards and parts match neither ``_`` nor ``.``. Whatever follows the form after one of these
    two is the rest of a file's name, and is ignored.

    The text that the form matches is the Item's id, unless there is one of these:

    - ``id``: a template of the Item's id; parts are written in capitals, as M2M writes ids.
    - ``like``: a template of a CQL2 pattern for ids that lack parts; needs a part ``day``, which limits the search.
    - ``property``: the property of Items that holds the text.
    """

    form: str
    id: str | None = None
    like: str | None = None
    property: str | None = None
    shared: bool = False
    """Whether ids of other datasets can have this form, too, so that it does not show the dataset."""

    @model_validator(mode="after")
    def _require_known_parts(self) -> Self:
        targets = [name for name in ("id", "like", "property") if getattr(self, name) is not None]
        if len(targets) > 1:
            raise ValueError(f"an id form has one of id, like and property, not {' and '.join(targets)}")
        parts = set(_regex(self.form).groupindex) - {"whole"}
        unknown = {match["name"] for match in _TOKEN.finditer(self.id or self.like or "") if match["name"]} - parts
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is no part of the form {self.form!r}")
        if self.like is not None and DAY not in parts:
            raise ValueError("like needs a part {day:8} in the form, which limits the search")
        return self

    def match(self, identifier: str) -> IdMatch | None:
        """Return what an id has in the places of the form's parts; None if it does not have this form."""
        match = _regex(self.form).fullmatch(identifier)
        return IdMatch(self, match["whole"], match.groupdict()) if match else None


@dataclass(frozen=True, slots=True)
class IdMatch:
    """An id that has a form."""

    form: IdForm
    text: str
    """The id without the rest of a file's name."""
    parts: dict[str, str]

    @property
    def id(self) -> str:
        """The id of the Item, if the form has neither ``like`` nor ``property``."""
        return self._filled(self.form.id, str.upper) if self.form.id is not None else self.text

    def like(self, escape: Convert) -> str | None:
        """Return the CQL2 pattern of the Item's id; ``escape`` escapes a text in which nothing is a wildcard."""
        if self.form.like is None:
            return None
        pieces = self.form.like.split("%")
        return "%".join(escape(self._filled(piece, str)) for piece in pieces)

    def _filled(self, template: str, convert: Convert) -> str:
        return "".join(
            convert(self.parts[token["name"]]) if token["name"] else token["literal"]
            for token in _TOKEN.finditer(template)
        )


@lru_cache(maxsize=256)
def _regex(form: str) -> re.Pattern[str]:
    r"""Return the regular expression of a form.

    >>> sorted(_regex("n{lat:2}_w{lon:3}_1arc_v3").fullmatch("n33_w099_1arc_v3.tif").groupdict().items())
    [('lat', '33'), ('lon', '099'), ('whole', 'n33_w099_1arc_v3')]
    >>> _regex("{scene:LE7*}").fullmatch("LC91950292024211LGN00") is None
    True
    """
    tokens = []
    for token in _TOKEN.finditer(form):
        if token["literal"]:
            tokens.append(_glob(token["literal"]))
            continue
        glob = token["glob"] or "*"
        body = f"{_CHARACTER}{{{glob}}}" if glob.isdecimal() else _glob(glob)
        tokens.append(f"(?P<{token['name']}>{body})")
    return re.compile(f"(?P<whole>{''.join(tokens)})(?:[_.].*)?", re.DOTALL)


def _glob(glob: str) -> str:
    wildcards = {"*": f"{_CHARACTER}+?", "?": _CHARACTER}
    return "".join(
        wildcards.get(token) or (token if len(token) > 1 else re.escape(token)) for token in _GLOB_TOKEN.findall(glob)
    )
