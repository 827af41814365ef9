"""The request being answered: its id, caller, priority and deadline, and what it has cost so far.

Context variables carry these through every call, so that no function has to pass them on.
Work outside any request (a background refresh) has no caller, the lowest priority, and no deadline unless it sets one.
"""

from __future__ import annotations

import math
import re
import secrets
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST_ID_HEADER = "X-Request-ID"

_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being answered, for the log; empty in the background."""


def choose_request_id(value: str | None) -> str:
    """Return the caller's request id if it is safe in a log line, else a new random one.

    >>> choose_request_id("4bf92f35-77b34da6"), len(choose_request_id("two\\nlines")), len(choose_request_id(None))
    ('4bf92f35-77b34da6', 16, 16)
    """
    return value if value and _SAFE_ID.fullmatch(value) else secrets.token_hex(8)


class CallPriority(StrEnum):
    """What a call to M2M is for. The gate weighs calls by it (``m2m/turn_order.py``)."""

    asset = "asset"
    page = "page"
    background = "background"


@dataclass(slots=True)
class RequestContext:
    """The caller and priority of a request, and a running total of what it has cost."""

    caller: str = ""
    """The caller's address; empty for the server's own background work."""
    priority: CallPriority = CallPriority.background
    calls: int = 0
    """Requests sent to M2M, logins and retries included."""
    queued: float = 0
    """Seconds spent waiting for a turn at the M2M account."""
    upstream: float = 0
    """Seconds M2M took to answer."""
    stale_age: float | None = None
    """Age in seconds of the oldest value used past its TTL because M2M is down; None if all values were fresh."""


_current: ContextVar[RequestContext] = ContextVar("request_context")
_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


def current_request() -> RequestContext:
    """Return the context of the request being answered; outside a request, a new one that nobody reads."""
    return _current.get(None) or RequestContext()


def time_left() -> float:
    """Return the seconds until the deadline of the current request: negative once it has passed, inf without one."""
    return _deadline.get() - time.monotonic()


@contextmanager
def request_deadline(
    seconds: float, caller: str = "", priority: CallPriority = CallPriority.background
) -> Iterator[RequestContext]:
    """Start a request that must end within ``seconds``; it replaces an enclosing request and its deadline."""
    context = RequestContext(caller, priority)
    token = _current.set(context)
    deadline_token = _deadline.set(time.monotonic() + seconds)
    try:
        yield context
    finally:
        _deadline.reset(deadline_token)
        _current.reset(token)


@contextmanager
def narrow_deadline(seconds: float) -> Iterator[None]:
    """Bring the deadline of the current request forward to at most ``seconds`` from now; costs still add up in it."""
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)
