"""Warning headers: sentences about a search that was answered, but probably not as its caller meant it."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

AGENT = "stac-bridge"
"""Who warns: the command line refuses a search by these warnings, not by those of other servers."""


def add_warnings(response: Response, sentences: Iterable[str]) -> None:
    """Add a Warning header (RFC 7234 §5.5, code 299: persistent) for each sentence."""
    for sentence in sentences:
        response.headers.append("Warning", f"299 {AGENT} {_quoted(sentence)}")


def _quoted(sentence: str) -> str:
    r"""Return a quoted string of printable ASCII, which is all that a header can carry.

    >>> print(_quoted('No Item has platform = "\u03a9"'))
    "No Item has platform = \"\\u03a9\""
    """
    escaped = sentence.encode("unicode_escape").decode("ascii").replace("\\\\", "\\")
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'
