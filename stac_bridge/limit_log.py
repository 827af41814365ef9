"""Logs that a limit was reached, without letting those who reach it fill the log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

INTERVAL = 60.0
"""Seconds between two records about the same limit."""


class LimitLog:
    """Writes to ``log`` the first time, and then at most one record a minute for each limit, with the number of times.

    ``clock`` returns monotonic seconds.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._last: dict[str, float] = {}
        self._unwritten: dict[str, int] = {}

    def reached(self, limit: str, what: str) -> None:
        """Note that ``limit`` (a setting or a word for it) was reached; ``what`` is a clause."""
        now, last = self._clock(), self._last.get(limit)
        count = self._unwritten.pop(limit, 0) + 1
        if last is not None and now - last < INTERVAL:
            self._unwritten[limit] = count
            return
        self._last[limit] = now
        times = f" ({count} times since the last record)" if count > 1 else ""
        self._log.warning("Limit reached, %s: %s%s.", limit, what, times)
