"""The record of one request to M2M, passed to the listeners that count and log calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stac_bridge.errors import UpstreamError
from stac_bridge.m2m.errors import Transient


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt at a request."""

    endpoint: str
    outcome: str
    """``ok``, M2M's errorCode, or the kind of failure: ``unreachable``, ``timeout``, ``busy``, ``login``, ``fault``.

    ``aborted`` if the server shut down; for a request that was never sent, ``turned-away`` (rejected) or ``left`` (the
    caller went away). These values are labels of the metrics.
    """
    queued: float
    """Seconds waiting for a turn at the account."""
    seconds: float
    """Seconds at M2M, including a login on the way."""
    request_id: str | None = None
    """M2M's own requestId."""


CallListener = Callable[[Call], None]


def ignore_call(_call: Call) -> None:
    """The listener that does nothing."""


def outcome_of(error: BaseException | None, sent: bool = True) -> str:
    """Return the ``Call.outcome`` of an attempt that ended with ``error``.

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
