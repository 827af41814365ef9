"""What is told of each request to M2M, for whoever counts and logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stac_bridge.errors import UpstreamError
from stac_bridge.m2m.errors import Transient

__all__ = ["Call", "Told", "outcome_of"]


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt: seconds in the line and at M2M (a login on the way included), and M2M's own name for it.

    ``outcome`` is ``ok``, M2M's errorCode, or how it failed without one: ``unreachable``, ``timeout``, ``busy``,
    ``login`` or ``fault``; ``aborted`` at the end of the server; and, of those that were never sent,
    ``turned-away`` or ``left`` (the asker went).
    """

    endpoint: str
    outcome: str
    queued: float
    seconds: float
    request_id: str | None = None


Told = Callable[[Call], None]


def outcome_of(error: BaseException | None, sent: bool = True) -> str:
    """How an attempt ended, in one word.

    >>> outcome_of(None), outcome_of(UpstreamError("", code="RATE_LIMIT")), outcome_of(None, sent=False)
    ('ok', 'RATE_LIMIT', 'left')
    """
    if isinstance(error, Transient):
        error = error.error
    if not sent:
        return "turned-away" if isinstance(error, UpstreamError) else "left"
    if isinstance(error, UpstreamError):
        return error.code or type(error).__name__.removeprefix("Upstream").lower()
    return "ok" if error is None else "aborted"
