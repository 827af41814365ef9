"""How M2M does, by the calls made to it: nothing is asked to find out."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.m2m.calls import Call

__all__ = ["OK", "Pulse", "log_call"]

_log = logging.getLogger(__name__)

OK = "ok"

_REFUSED = frozenset({"AUTH_INVALID", "UNAUTHORIZED_USER"})
"""What M2M says of an account that it does not let in."""

_SILENT = frozenset({"unreachable", "timeout"})
_NEVER_SENT = frozenset({"aborted", "left", "turned-away"})


class Pulse:
    """Remembers how the last calls went."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answered: float | None = None
        self.reachable: bool | None = None
        """Whether M2M answered the last call; None before the first."""
        self.refused = False
        """Whether M2M refused the account when it was last asked to let it in."""

    @property
    def age(self) -> float | None:
        """Seconds since M2M's last answer; None before the first."""
        return None if self._answered is None else self._clock() - self._answered

    def heard(self, call: Call) -> None:
        """How a call went. An errorCode is an answer, too; what was never sent or not waited for tells nothing."""
        if call.outcome in _NEVER_SENT:
            return
        self.reachable = call.outcome not in _SILENT
        if self.reachable:
            self._answered = self._clock()
            self.refused = call.outcome in _REFUSED


def log_call(call: Call) -> None:
    """Tell a call in the log, with M2M's own request id, by which USGS finds it again."""
    level = logging.DEBUG if call.outcome == OK or call.outcome in _NEVER_SENT else logging.INFO
    said = {
        "endpoint": call.endpoint,
        "outcome": call.outcome,
        "queued_ms": round(1000 * call.queued, 1),
        "m2m_ms": round(1000 * call.seconds, 1),
        "m2m_request_id": call.request_id,
    }
    _log.log(
        level,
        "M2M %s: %s after %.0f ms, %.0f ms in the queue (M2M's request %s)",
        call.endpoint,
        call.outcome,
        1000 * call.seconds,
        1000 * call.queued,
        call.request_id,
        extra={"fields": said},
    )
