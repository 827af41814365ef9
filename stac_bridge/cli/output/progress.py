"""The output of ``stac-bridge download``: progress bars, then a table or a JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from stac_bridge.client.download import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from stac_bridge.client.download import File, Outcome

_COLORS = {Status.failed: "red", Status.interrupted: "yellow", Status.skipped: "dim"}


_FileId: TypeAlias = tuple[str, str, str]
"""Collection, Item and asset: the path may change when the server names the file."""


def _id(file: File) -> _FileId:
    return file.collection, file.item, file.key


class DownloadProgress:
    """A progress bar for all files, and one for each active file; nothing if ``console`` is not a terminal.

    Its methods are those of ``client.download.Watch``.
    """

    def __init__(self, console: Console, count: int) -> None:
        self.display = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TextColumn("{task.fields[note]}", style="yellow"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._count, self._finished = count, 0
        self._total = self.display.add_task(self._title(), total=None, note="")
        self._bars: dict[_FileId, TaskID] = {}
        self._sizes: dict[_FileId, int] = {}
        self._received: dict[_FileId, int] = {}

    def _title(self) -> str:
        return f"{self._finished} of {self._count} files"

    def on_start(self, file: File, there: int, size: int | None) -> None:
        """A file's download starts with ``there`` bytes on disk already."""
        self.display.update(self._bar(file), completed=there, total=size, note="")
        self._advance(file, there - self._received.get(_id(file), 0))
        self._sizes[_id(file)] = size or 0
        self.display.update(self._total, total=sum(self._sizes.values()) or None)

    def on_bytes(self, file: File, count: int) -> None:
        """More bytes of a file have arrived."""
        self.display.advance(self._bar(file), count)
        self._advance(file, count)

    def _advance(self, file: File, count: int) -> None:
        self._received[_id(file)] = self._received.get(_id(file), 0) + count
        self.display.advance(self._total, count)

    def on_wait(self, file: File, seconds: float, why: str) -> None:
        """A file is retried after ``seconds``."""
        self.display.update(self._bar(file), note=escape(f"waits {seconds:.0f} s: {why}"))

    def on_finish(self, outcome: Outcome) -> None:
        """A file is finished, successfully or not: its bar is removed."""
        bar = self._bars.pop(_id(outcome.file), None)
        if bar is not None:
            self.display.remove_task(bar)
        self._finished += 1
        self.display.update(self._total, description=self._title())

    def _bar(self, file: File) -> TaskID:
        if _id(file) not in self._bars:
            self._bars[_id(file)] = self.display.add_task(escape(file.path.name), total=None, note="")
        return self._bars[_id(file)]


def outcome_table(outcomes: Sequence[Outcome], folder: Path) -> Table:
    """One row per file."""
    result = Table("file", "size", "status", box=None, pad_edge=False)
    result.columns[0].overflow = "fold"
    for outcome in outcomes:
        status = f"{outcome.status}: {escape(outcome.reason)}" if outcome.reason else str(outcome.status)
        size = decimal(outcome.size) if outcome.size is not None else ""
        result.add_row(escape(_relative_path(outcome, folder)), size, status, style=_COLORS.get(outcome.status, ""))
    return result


def outcome_json(outcomes: Sequence[Outcome], folder: Path) -> str:
    """The same as one JSON document."""
    files = [_file_json(outcome, folder) for outcome in outcomes]
    return json.dumps({"folder": str(folder), "counts": _counts(outcomes), "files": files})


def _file_json(outcome: Outcome, folder: Path) -> dict[str, Any]:
    file = outcome.file
    return {
        "collection": file.collection,
        "item": file.item,
        "asset": file.key,
        "path": _relative_path(outcome, folder),
        "size": outcome.size,
        "status": str(outcome.status),
        "reason": outcome.reason,
    }


def _relative_path(outcome: Outcome, folder: Path) -> str:
    return outcome.file.path.relative_to(folder).as_posix()


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    statuses = [outcome.status for outcome in outcomes]
    return {str(status): statuses.count(status) for status in Status if status in statuses}


def summarize(outcomes: Sequence[Outcome]) -> str:
    """The number of files by status."""
    return ", ".join(f"{count} {status}" for status, count in _counts(outcomes).items()) or "no files"
