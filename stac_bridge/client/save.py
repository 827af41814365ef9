"""Writes Items to one file while they arrive; memory holds a page and a batch, not all of them."""

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

Item = dict[str, Any]


def save_items(items: Iterable[Item], path: Path) -> int:
    """Write the Items in the format that the file name's suffix names; return their number. Raises BadRequest.

    An existing file is replaced only when the new one is complete.
    """
    write = find_writer(path)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            temporary = Path(folder) / path.name
            count = write(items, temporary)
            if temporary.is_file():
                temporary.replace(path)
    except OSError as error:
        raise BadRequest(f"{path} cannot be written ({error.strerror}).") from error
    return count


def find_writer(path: Path) -> Callable[[Iterable[Item], Path], int]:
    """Return the function that writes a file with this suffix. Raises BadRequest.

    Call it early: it also finds a missing folder or library before any Item is requested.
    """
    try:
        writer = _WRITERS[path.suffix.lower()]
    except KeyError:
        raise BadRequest(
            f"--output: end the name with one of {', '.join(file_suffixes())}; or give - for stdout."
        ) from None
    if not path.parent.is_dir():
        raise BadRequest(f"--output: there is no folder {path.parent}.")
    if writer is _write_geoparquet:
        _load_geoparquet()
    return writer


def file_suffixes() -> tuple[str, ...]:
    """Return the suffixes of the files that can be written."""
    return tuple(_WRITERS)


def write_ndjson(items: Iterable[Item], out: BinaryIO) -> int:
    """Write one Item per line; return their number."""
    count = 0
    for count, item in enumerate(items, start=1):  # noqa: B007  # its last value is the number of Items
        out.write(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE))
    return count


def _write_ndjson_file(items: Iterable[Item], path: Path) -> int:
    with path.open("wb") as out:
        return write_ndjson(items, out)


def _write_geojson(items: Iterable[Item], path: Path) -> int:
    """Write an ItemCollection, piece by piece, because it need not fit into memory."""
    count = 0
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[')
        for count, item in enumerate(items, start=1):
            out.write((b"\n" if count == 1 else b",\n") + orjson.dumps(item))
        out.write(b"\n]}\n")
    return count


def _write_geoparquet(items: Iterable[Item], path: Path) -> int:
    write = _load_geoparquet()
    temporary = path.with_suffix(".arrows")
    try:
        return int(write(items, temporary, path))
    except (TypeError, ValueError, NotImplementedError) as error:  # pyarrow's errors are subclasses of these
        raise BadRequest("These Items do not fit the columns of one table; save them as .ndjson.") from error


def _load_geoparquet() -> Callable[[Iterable[Item], Path, Path], int]:
    """Import the writer, whose library is an extra. Raises BadRequest if it is not installed."""
    require_extra("geoparquet", "A .parquet file", "save .ndjson")
    from stac_bridge.client.geoparquet import write_geoparquet

    return write_geoparquet


_WRITERS: dict[str, Callable[[Iterable[Item], Path], int]] = {
    ".geojson": _write_geojson,
    ".json": _write_geojson,
    ".ndjson": _write_ndjson_file,
    ".jsonl": _write_ndjson_file,
    ".parquet": _write_geoparquet,
}
