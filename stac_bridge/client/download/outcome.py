"""What became of a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stac_bridge.client.download.plan import File

__all__ = ["Outcome", "Status"]


class Status(StrEnum):
    """How it ended."""

    done = "done"
    resumed = "resumed"
    skipped = "skipped"
    failed = "failed"
    interrupted = "interrupted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``size`` in bytes, of what is in the folder; ``reason`` is a sentence where the file is not there."""

    file: File
    status: Status
    size: int | None = None
    reason: str | None = None

    @property
    def is_there(self) -> bool:
        """Whether the whole file is in the folder."""
        return self.status in (Status.done, Status.resumed, Status.skipped)
