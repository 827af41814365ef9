"""Items → one file, as they come: no more of them is in memory than a page and a batch."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

__all__ = ["endings", "ndjson", "save"]

Item = dict[str, Any]


def save(items: Iterable[Item], path: Path) -> int:
    """Write the kind of file that the name's ending says; how many Items are in it. Raises BadRequest.

    A file that is there stands until the new one is whole.
    """
    written = writer_of(path)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            made = Path(folder) / path.name
            count = written(items, made)
            if made.is_file():
                made.replace(path)
    except OSError as fault:
        raise BadRequest(f"{path} cannot be written ({fault.strerror}).") from fault
    return count


def writer_of(path: Path) -> Callable[[Iterable[Item], Path], int]:
    """What writes a file of this name. Raises BadRequest."""
    try:
        written = _WRITERS[path.suffix.lower()]
    except KeyError:
        raise BadRequest(f"--output: end the name with one of {', '.join(endings())}; or give - for stdout.") from None
    if not path.parent.is_dir():
        raise BadRequest(f"--output: there is no folder {path.parent}.")
    if written is _geoparquet:
        _library()
    return written


def endings() -> tuple[str, ...]:
    """Of the names of files that can be written."""
    return tuple(_WRITERS)


def ndjson(items: Iterable[Item], out: BinaryIO) -> int:
    """An Item on each line."""
    count = 0
    for count, item in enumerate(items, start=1):  # noqa: B007  # the last number is how many there were
        out.write(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE))
    return count


def _ndjson(items: Iterable[Item], path: Path) -> int:
    with path.open("wb") as out:
        return ndjson(items, out)


def _geojson(items: Iterable[Item], path: Path) -> int:
    """An ItemCollection."""
    count = 0
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[')
        for count, item in enumerate(items, start=1):
            out.write((b"\n" if count == 1 else b",\n") + orjson.dumps(item))
        out.write(b"\n]}\n")
    return count


def _geoparquet(items: Iterable[Item], path: Path) -> int:
    """stac-geoparquet, by a library of its own, which few need."""
    written = _library()
    through = path.with_suffix(".arrows")
    try:
        return int(written(items, through, path))
    except (TypeError, ValueError, NotImplementedError) as unlike:  # pyarrow's errors are kinds of these
        raise BadRequest("These Items do not fit the columns of one table; save them as .ndjson.") from unlike


def _library() -> Callable[[Iterable[Item], Path, Path], int]:
    require_extra("geoparquet", "A .parquet file", "save .ndjson")
    from stac_bridge.fetching.geoparquet import write

    return write


_WRITERS: dict[str, Callable[[Iterable[Item], Path], int]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
    ".parquet": _geoparquet,
}
