"""By what name a request is known in the log: its caller's, or one of ours."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

__all__ = ["HEADER", "named", "request_id"]

HEADER = "X-Request-ID"

_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The name of the request that is being answered; empty in the background."""


def named(said: str | None) -> str:
    """The caller's name for a request where it can stand in a log, else a new one.

    >>> named("4bf92f35-77b34da6"), len(named("two\\nlines")), len(named(None))
    ('4bf92f35-77b34da6', 16, 16)
    """
    return said if said and _SANE.fullmatch(said) else secrets.token_hex(8)
