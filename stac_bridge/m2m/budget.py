"""How long an answer of ours may still take, and what it has cost so far.

A budget follows the asking through every call by a context variable, so that no signature carries it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Budget", "current", "spending"]


@dataclass(slots=True)
class Budget:
    """``deadline`` as ``time.monotonic`` tells it; requests sent to M2M; seconds in the queue and at M2M."""

    deadline: float
    calls: int = 0
    queued: float = 0
    upstream: float = 0

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


_current: ContextVar[Budget] = ContextVar("budget")


def current() -> Budget:
    """The budget of whoever asks; one without bounds where nobody set any."""
    return _current.get(None) or Budget(float("inf"))


@contextmanager
def spending(seconds: float) -> Iterator[Budget]:
    """A budget of ``seconds`` for everything that is asked inside."""
    budget = Budget(time.monotonic() + seconds)
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)
