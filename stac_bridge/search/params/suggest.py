"""An error for an unknown name, with the nearest known one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from stac_bridge.errors import BadRequest

_MAX_NAME = 200
"""Characters of a name that is compared: the comparison takes seconds for millions."""


def unknown_name(message: str, name: str, known: Iterable[str], see: str | None = None) -> BadRequest:
    """Return the error for a ``name`` that is not in ``known``; ``see`` says where to look if there are many.

    >>> print(unknown_name("There is no color", "bleu", ["red", "blue"]))
    There is no color 'bleu'; did you mean 'blue'?
    >>> print(unknown_name("There is no color", "x", ["red", "blue"]))
    There is no color 'x'; there are red, blue.
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, 1) if len(name) <= _MAX_NAME else []
    hint = f"did you mean {near[0]!r}?" if near else see or f"there are {', '.join(names)}."
    return BadRequest(f"{message} {name!r}; {hint}")
