"""A refusal that names the nearest right word."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["unknown"]


def unknown(what: str, name: str, known: Iterable[str], or_else: str | None = None) -> BadRequest:
    """The error for a ``name`` that is none of ``known``; ``or_else`` says where they are where they are many.

    >>> print(unknown("There is no colour", "bleu", ["red", "blue"]))
    There is no colour 'bleu'; did you mean 'blue'?
    >>> print(unknown("There is no colour", "x", ["red", "blue"]))
    There is no colour 'x'; there are red, blue.
    """
    words = list(known)
    near = difflib.get_close_matches(name, words, 1)
    hint = f"did you mean {near[0]!r}?" if near else or_else or f"there are {', '.join(words)}."
    return BadRequest(f"{what} {name!r}; {hint}")
