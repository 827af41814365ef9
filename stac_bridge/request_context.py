"""Who asks, what for, how long the answer may still take, and what it has cost so far.

A budget follows the asking through every call by a context variable, so that no signature carries it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Budget", "Errand", "current", "spending"]


class Errand(StrEnum):
    """What a call to M2M is for."""

    asset = "asset"
    page = "page"
    upkeep = "upkeep"


@dataclass(slots=True)
class Budget:
    """``deadline`` as ``time.monotonic`` tells it; ``caller`` is whoever asks: an address, or empty for ourselves.

    Then what was spent: requests sent to M2M; seconds in the queue and at M2M. ``age`` is that of the oldest answer,
    in seconds, which was used past its time because M2M does not answer; None where there is no such.
    """

    deadline: float
    caller: str = ""
    errand: Errand = Errand.upkeep
    calls: int = 0
    queued: float = 0
    upstream: float = 0
    age: float | None = None

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


_current: ContextVar[Budget] = ContextVar("budget")


def current() -> Budget:
    """The budget of whoever asks; one without bounds where nobody set any."""
    return _current.get(None) or Budget(float("inf"))


@contextmanager
def spending(seconds: float, caller: str = "", errand: Errand = Errand.upkeep) -> Iterator[Budget]:
    """A budget of ``seconds`` for everything that is asked inside."""
    budget = Budget(time.monotonic() + seconds, caller, errand)
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)
