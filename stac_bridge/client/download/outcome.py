"""The result of downloading one file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stac_bridge.client.download.plan import File


class Status(StrEnum):
    """How a download ended."""

    done = "done"
    resumed = "resumed"
    skipped = "skipped"
    failed = "failed"
    interrupted = "interrupted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``size`` is in bytes, of what is in the folder; ``reason`` is a sentence if the file is not complete."""

    file: File
    status: Status
    size: int | None = None
    reason: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the whole file is in the folder."""
        return self.status in (Status.done, Status.resumed, Status.skipped)
