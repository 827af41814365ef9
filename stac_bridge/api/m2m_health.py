"""Records how M2M calls went, for /_mgmt/health and the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from stac_bridge.m2m.calls import Call

_log = logging.getLogger(__name__)

OK = "ok"

_REFUSED = frozenset({"AUTH_INVALID", "UNAUTHORIZED_USER"})
"""M2M's codes for an account that may not log in."""

_NO_ANSWER = frozenset({"unreachable", "timeout"})
_NEVER_SENT = frozenset({"aborted", "left", "turned-away"})


class M2MStatus:
    """Remembers the outcome of the latest M2M calls. ``clock`` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answered: float | None = None
        self.reachable: bool | None = None
        """Whether M2M answered the latest call; None before the first."""
        self.refused = False
        """Whether M2M refused the account at the latest login."""

    @property
    def age(self) -> float | None:
        """Seconds since M2M last answered; None before the first answer."""
        return None if self._answered is None else self._clock() - self._answered

    def record(self, call: Call) -> None:
        """Updates the status. An M2M error code counts as an answer; calls that were never sent are ignored."""
        if call.outcome in _NEVER_SENT:
            return
        self.reachable = call.outcome not in _NO_ANSWER
        if self.reachable:
            self._answered = self._clock()
            self.refused = call.outcome in _REFUSED


def log_call(call: Call) -> None:
    """Logs a call, with M2M's request id, which USGS support can look up."""
    level = logging.DEBUG if call.outcome == OK or call.outcome in _NEVER_SENT else logging.INFO
    fields = {
        "endpoint": call.endpoint,
        "outcome": call.outcome,
        "queued_ms": round(1000 * call.queued, 1),
        "m2m_ms": round(1000 * call.seconds, 1),
        "m2m_request_id": call.request_id,
    }
    _log.log(
        level,
        "M2M %s: %s after %.0f ms, %.0f ms in the queue (M2M request %s)",
        call.endpoint,
        call.outcome,
        1000 * call.seconds,
        1000 * call.queued,
        call.request_id,
        extra={"fields": fields},
    )
