"""The labels of our downloads in USGS's queue: one for each day, so that the list under a label stays short."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class DownloadLabels:
    """Labels of a ``prefix`` (at most 39 characters, as M2M allows 50) and a day in UTC.

    Workers and restarts share them: a download is looked up under the label it has in the queue, whichever day it is.

    >>> labels = DownloadLabels("stac-bridge", lambda: 86_400.0)
    >>> labels.current(), labels.is_ours("stac-bridge-2026-11-30"), labels.is_ours("stac-bridge-2")
    ('stac-bridge-1970-01-02', True, False)
    >>> labels.is_over("stac-bridge-1970-01-01", 3600), labels.is_over("stac-bridge-1969-12-31", 3600)
    (False, True)
    """

    def __init__(self, prefix: str, clock: Callable[[], float] = time.time) -> None:
        self._prefix = prefix
        self._clock = clock
        self._form = re.compile(rf"{re.escape(prefix)}-(\d{{4}}-\d\d-\d\d)")

    def current(self) -> str:
        """Return the label of today's requests."""
        return f"{self._prefix}-{self._now():%Y-%m-%d}"

    def is_ours(self, label: str | None) -> bool:
        """Return whether a label has our prefix and a day."""
        return self._day(label) is not None

    def is_over(self, label: str, seconds: float) -> bool:
        """Return whether a label is ours and the last request under it is more than ``seconds`` ago."""
        day = self._day(label)
        return day is not None and self._now() - day > timedelta(days=1, seconds=seconds)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _day(self, label: str | None) -> datetime | None:
        match = self._form.fullmatch(label or "")
        try:
            return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None
        except ValueError:
            return None
