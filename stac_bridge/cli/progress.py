"""How a download looks: bars while it goes, a table or a JSON document at its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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

__all__ = ["Bars", "counted", "document", "table"]

_COLOURS = {Status.failed: "red", Status.interrupted: "yellow", Status.skipped: "dim"}


class Bars:
    """A bar for all files and one for each that is on its way; nothing at all where nobody looks."""

    def __init__(self, console: Console, count: int) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TextColumn("{task.fields[note]}", style="yellow"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._count, self._settled = count, 0
        self._all = self.progress.add_task(self._title(), total=None, note="")
        self._bars: dict[Path, TaskID] = {}
        self._sizes: dict[Path, int] = {}
        self._there: dict[Path, int] = {}

    def _title(self) -> str:
        return f"{self._settled} of {self._count} files"

    def on_start(self, file: File, there: int, size: int | None) -> None:
        """A bar that stands where the file stands."""
        bar = self._bar(file)
        self.progress.update(bar, completed=there, total=size, note="")
        self._moved(file, there - self._there.get(file.path, 0))
        self._sizes[file.path] = size or 0
        self.progress.update(self._all, total=sum(self._sizes.values()) or None)

    def on_bytes(self, file: File, count: int) -> None:
        """It moves, and so does the one for all."""
        self.progress.advance(self._bar(file), count)
        self._moved(file, count)

    def _moved(self, file: File, count: int) -> None:
        self._there[file.path] = self._there.get(file.path, 0) + count
        self.progress.advance(self._all, count)

    def on_wait(self, file: File, seconds: float, why: str) -> None:
        """It says why it stands still."""
        self.progress.update(self._bar(file), note=escape(f"waits {seconds:.0f} s: {why}"))

    def on_finish(self, outcome: Outcome) -> None:
        """It goes."""
        bar = self._bars.pop(outcome.file.path, None)
        if bar is not None:
            self.progress.remove_task(bar)
        self._settled += 1
        self.progress.update(self._all, description=self._title())

    def _bar(self, file: File) -> TaskID:
        if file.path not in self._bars:
            self._bars[file.path] = self.progress.add_task(escape(file.path.name), total=None, note="")
        return self._bars[file.path]


def table(outcomes: Sequence[Outcome], folder: Path) -> Table:
    """A row for each file."""
    found = Table("file", "size", "status", box=None, pad_edge=False)
    found.columns[0].overflow = "fold"
    for one in outcomes:
        status = f"{one.status}: {escape(one.reason)}" if one.reason else str(one.status)
        size = decimal(one.size) if one.size is not None else ""
        found.add_row(escape(_below(one, folder)), size, status, style=_COLOURS.get(one.status, ""))
    return found


def document(outcomes: Sequence[Outcome], folder: Path) -> str:
    """The same as one JSON document."""
    return json.dumps(
        {"folder": str(folder), "counts": _counts(outcomes), "files": [_said(o, folder) for o in outcomes]}
    )


def _said(outcome: Outcome, folder: Path) -> dict[str, Any]:
    file = outcome.file
    return {
        "collection": file.collection,
        "item": file.item,
        "asset": file.key,
        "path": _below(outcome, folder),
        "size": outcome.size,
        "status": str(outcome.status),
        "reason": outcome.reason,
    }


def _below(outcome: Outcome, folder: Path) -> str:
    return outcome.file.path.relative_to(folder).as_posix()


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    kinds = [one.status for one in outcomes]
    return {str(status): kinds.count(status) for status in Status if status in kinds}


def counted(outcomes: Sequence[Outcome]) -> str:
    """How many there are of each kind."""
    return ", ".join(f"{count} {status}" for status, count in _counts(outcomes).items()) or "no files"
