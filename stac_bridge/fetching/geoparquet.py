"""Items → stac-geoparquet. Importing this needs stac-geoparquet, an extra of this package."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow  # type: ignore[import-untyped]
from stac_geoparquet.arrow import to_parquet
from stac_geoparquet.arrow._api import stac_items_to_arrow
from stac_geoparquet.arrow._schema.models import InferredSchema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["BATCH", "write"]

BATCH = 500
"""Items in memory at a time, and in a row group."""

Item = dict[str, Any]


class _Row(Item):
    """An Item of which stac-geoparquet's copy is a shallow one.

    It copies each in depth to put its geometry in another form, which takes most of its time; these are read once.
    """

    def __deepcopy__(self, _seen: dict[int, Any]) -> _Row:
        return _Row(self)


def write(items: Iterable[Item], through: Path, path: Path) -> int:
    """Write the file at ``path``; how many Items are in it. No file where there is none. Raises pyarrow's errors.

    Its columns are those of all Items, so all are looked through, and kept ``through`` a file, before one is written.
    """
    schema = InferredSchema()
    with through.open("wb") as kept:
        for batch in _batches(items):
            kept.writelines(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in batch)
            schema.update_from_items(batch)
    if schema.count:
        schema.manual_updates()
        with through.open("rb") as kept:
            _write(kept, schema, path)
    return schema.count


def _write(lines: Iterable[bytes], schema: InferredSchema, path: Path) -> None:
    made = (stac_items_to_arrow(batch, schema=schema.inner) for batch in _batches(map(orjson.loads, lines)))
    first = next(made)
    to_parquet(pyarrow.RecordBatchReader.from_batches(first.schema, itertools.chain([first], made)), path)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rows: Iterator[Item] = map(_Row, items)
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch
