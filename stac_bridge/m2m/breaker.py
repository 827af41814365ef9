"""Whether to ask M2M at all just now: not while it is down, and not before it said that we may come back."""

from __future__ import annotations

import logging
import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from stac_bridge.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.m2m.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Breaker", "State"]

_log = logging.getLogger(__name__)

State = Literal["closed", "open", "half-open"]

_LONGEST_REST = 300
"""Seconds for which M2M's own Retry-After keeps us away; one that is longer is asked again now and then."""


class Breaker:
    """Opens after ``failures`` requests in a row without an answer; then one request tries from time to time.

    It is open for ``first`` seconds, and twice as long each time that the trial fails, up to ``most``. What M2M
    refuses is an answer: it is up. While it is closed, an answer with Retry-After makes all wait as long.
    """

    def __init__(
        self, failures: int = 5, first: float = 5, most: float = 60, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._first, self._most = failures, first, most
        self._clock = clock
        self._failed = 0
        self._opened_until: float | None = None
        self._trying = False
        self._rest: tuple[float, UpstreamError] | None = None

    @property
    def state(self) -> State:
        """Closed: all may ask. Open: none. Half-open: one may try."""
        if self._opened_until is None:
            return "closed"
        return "open" if self._clock() < self._opened_until else "half-open"

    def check(self) -> None:
        """Raises UpstreamUnreachable while M2M is taken as down, Transient while it wants to be left alone."""
        if self.state == "open" or self._trying:
            raise self.refusal()
        until, said = self._rest or (0.0, None)
        if said and (left := until - self._clock()) > 0:
            raise Transient(type(said)(str(said), code=said.code, retry_after=math.ceil(left)), wait=left)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """One request; how the block ends tells how it went. Raises as ``check`` does."""
        self.check()
        self._trying = self.state == "half-open"
        try:
            yield
        except Transient as failure:
            self._learn(failure)
            raise
        except UpstreamError:
            self._close()
            raise
        else:
            self._close()
        finally:
            self._trying = False

    def refusal(self) -> UpstreamUnreachable:
        """What is said to those who may not ask."""
        left = (self._opened_until or 0) - self._clock()
        return UpstreamUnreachable(
            "M2M has not answered for some time, and is left alone for a while; try again later.",
            retry_after=math.ceil(left if left > 0 else self._first),
        )

    def _learn(self, failure: Transient) -> None:
        if failure.wait:
            self._rest = self._clock() + min(failure.wait, _LONGEST_REST), failure.error
        if failure.error.code is not None or not isinstance(failure.error, UpstreamUnreachable | UpstreamTimeout):
            self._close()
            return
        self._failed += 1
        if self._failed == self._failures:
            _log.warning("M2M does not answer and is left alone, but for a trial now and then: %s", failure)
        if self._failed >= self._failures:
            self._opened_until = self._clock() + self._pause()

    def _pause(self) -> float:
        """Seconds to stay open: the trials that failed are the failures beyond those that opened it."""
        return min(self._first * 2.0 ** min(self._failed - self._failures, 16), self._most)

    def _close(self) -> None:
        if self._opened_until is not None:
            _log.warning("M2M answers again.")
        self._failed, self._opened_until = 0, None
