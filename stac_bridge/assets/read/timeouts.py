"""How long reading waits for download hosts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadTimeouts:
    """All in seconds."""

    retry_pause: float = 0.1
    """Pause before the first retry of a request; each further one is four times as long."""

    max_busy_wait: float = 5
    """Longest wait for a busy host in the middle of a file."""

    arrival_timeout: float = 5
    """How long a reader waits for bytes that the spool is still fetching, before it gets a 503 with Retry-After."""

    liveness_ttl: float = 10
    """How long a URL that worked counts as working, and so how long readers may be redirected to a dead one."""


DEFAULT_READ_TIMEOUTS = ReadTimeouts()
