"""The bytes of a file that are here so far, what they are bytes of, and where to go on."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from stac_bridge.http_headers import read_content_range, read_count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import FileIO
    from pathlib import Path

__all__ = ["Part", "State", "asking", "goes_on_at"]


@dataclass(frozen=True, slots=True)
class State:
    """What a server said of a file: its size in bytes, and what tells this state of it from another."""

    size: int | None = None
    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str]) -> State:
        """As an answer says it; ``headers`` by their names in small letters."""
        size = None
        if status == 206 and (found := read_content_range(headers.get("content-range"))):
            size = found[1]
        elif status == 200:
            size = read_count(headers.get("content-length"))
        return cls(size, headers.get("etag"), headers.get("last-modified"))

    @property
    def validator(self) -> str | None:
        """What If-Range takes: a strong entity tag, else the date (RFC 9110 §13.1.5)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


def asking(there: int, state: State) -> dict[str, str]:
    """The headers that ask for what is missing; none, where nothing would tell that it is still the same file.

    >>> asking(100, State(etag='"a"'))
    {'Range': 'bytes=100-', 'If-Range': '"a"'}
    >>> asking(100, State()), asking(0, State(etag='"a"'))
    ({}, {})
    """
    if not there or state.validator is None:
        return {}
    return {"Range": f"bytes={there}-", "If-Range": state.validator}


def goes_on_at(status: int, headers: Mapping[str, str], there: int, kept: State) -> int | None:
    """The place of an answer's first byte: where we stopped, or 0; None where it is the middle of something else.

    A server that ignores Range, or has another file by now, sends the whole with 200. One that ignores If-Range is
    found out by what it says of the file.
    """
    if status == 200:
        return 0
    part = read_content_range(headers.get("content-range"))
    now = State.of(status, headers)
    same = now.size == kept.size and all(
        one is None or other is None or one == other
        for one, other in ((now.etag, kept.etag), (now.last_modified, kept.last_modified))
    )
    return there if part and part[0] and part[0].start == there and same else None


class Part:
    """``<name>.part`` and, beside it, what it is a part of. Nothing is held back: what was written stays."""

    def __init__(self, path: Path) -> None:
        self._whole = path
        self._path = path.with_name(f"{path.name}.part")
        self._noted = path.with_name(f"{path.name}.part.json")

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self._path

    @property
    def there(self) -> int:
        """How many."""
        with suppress(OSError):
            return self._path.stat().st_size
        return 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing but the name."""
        return self.there == self.state.size

    @property
    def state(self) -> State:
        """What they are bytes of; nothing known where the note is missing or was torn."""
        try:
            return State(**json.loads(self._noted.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return State()

    def open(self, start: int, state: State) -> FileIO:
        """To write from ``start`` on. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        os.truncate(self._path, start)
        self._noted.write_text(json.dumps(asdict(state)), encoding="utf-8")
        return self._path.open("ab", buffering=0)

    def finish(self) -> None:
        """All of it is here. Raises OSError."""
        self._path.replace(self._whole)
        self._noted.unlink(missing_ok=True)

    def drop(self) -> None:
        """It is of no use. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._noted.unlink(missing_ok=True)
