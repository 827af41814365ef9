"""The circuit breaker in front of M2M: it pauses requests while M2M is down, and until a Retry-After has passed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from stac_bridge.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.m2m.errors import Transient

_log = logging.getLogger(__name__)

State = Literal["closed", "open", "half-open"]

_MAX_RETRY_AFTER = 300
"""Longest Retry-After obeyed, in seconds: after a longer one M2M is tried from time to time."""


class Breaker:
    """Opens after ``failures`` consecutive requests without an answer, then lets single requests test M2M.

    It stays open for ``first_pause`` seconds, twice as long after each failed test, up to ``max_pause``. An error
    code is an answer: M2M is up. While closed, a Retry-After of M2M holds back every request until it has passed.
    """

    def __init__(
        self,
        failures: int = 5,
        first_pause: float = 5,
        max_pause: float = 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_failures, self._first_pause, self._max_pause = failures, first_pause, max_pause
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._is_testing = False
        self._retry_after: tuple[float, UpstreamError] | None = None

    @property
    def state(self) -> State:
        """Closed: requests pass. Open: none do. Half-open: one may test M2M."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half-open"

    def check(self) -> None:
        """Raise UpstreamUnreachable while M2M counts as down, Transient until M2M's Retry-After has passed."""
        if self.state == "open" or self._is_testing:
            raise self.refusal()
        until, error = self._retry_after or (0.0, None)
        if error and (left := until - self._clock()) > 0:
            raise Transient(type(error)(str(error), code=error.code, retry_after=math.ceil(left)), wait=left)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Run one request inside; the way the block ends is recorded. Raises as ``check`` does."""
        self.check()
        self._is_testing = self.state == "half-open"
        try:
            yield
        except Transient as failure:
            self._record(failure)
            raise
        except UpstreamError:
            self._close()
            raise
        else:
            self._close()
        finally:
            self._is_testing = False

    def refusal(self) -> UpstreamUnreachable:
        """Return the error for a request that may not pass."""
        left = (self._open_until or 0) - self._clock()
        return UpstreamUnreachable(
            "M2M has not answered for some time, so requests to it are paused; try again later.",
            retry_after=math.ceil(left if left > 0 else self._first_pause),
        )

    def _record(self, failure: Transient) -> None:
        if failure.wait:
            self._retry_after = self._clock() + min(failure.wait, _MAX_RETRY_AFTER), failure.error
        # Only silence counts: a code, or an error page about load, comes from an M2M that is up.
        if failure.error.code is not None or not isinstance(failure.error, UpstreamUnreachable | UpstreamTimeout):
            self._close()
            return
        self._failures += 1
        if self._failures == self._max_failures:
            _log.warning("M2M does not answer; requests are paused, except for a test now and then: %s", failure)
        if self._failures >= self._max_failures:
            self._open_until = self._clock() + self._pause()

    def _pause(self) -> float:
        """Seconds to stay open. Failures beyond those that opened the breaker are failed tests."""
        return min(self._first_pause * 2.0 ** min(self._failures - self._max_failures, 16), self._max_pause)

    def _close(self) -> None:
        if self._open_until is not None:
            _log.warning("M2M answers again.")
        self._failures, self._open_until = 0, None
