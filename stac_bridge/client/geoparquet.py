"""Items → stac-geoparquet. Importing this needs stac-geoparquet, an extra of this package."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pyarrow  # type: ignore[import-untyped]
from pyarrow import ipc
from stac_geoparquet.arrow import parse_stac_items_to_arrow, to_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["BATCH", "ROW_GROUP", "write"]

BATCH = 500
"""Items in memory at a time, which take ten times the room there that they take in a table."""

ROW_GROUP = 4 * BATCH
"""Items in a row group. Each says for itself where its columns are, and Items have hundreds: few are read faster."""

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
    schema, count = pyarrow.schema([]), 0
    packed = ipc.IpcWriteOptions(compression="zstd")
    with pyarrow.OSFile(str(through), "wb") as kept:
        for batch in _batches(items):
            schema = pyarrow.unify_schemas([schema, batch.schema], promote_options="permissive")
            count += batch.num_rows
            with ipc.new_stream(kept, batch.schema, options=packed) as stream:
                stream.write_batch(batch)
    if count:
        with pyarrow.OSFile(str(through)) as kept:
            to_parquet(pyarrow.RecordBatchReader.from_batches(schema, _row_groups(_read(kept), schema)), path)
    return count


def _batches(items: Iterable[Item]) -> Iterator[pyarrow.RecordBatch]:
    """Each with the columns of its own Items, which are let go before the next are asked for."""
    rows = map(_Row, items)
    for first in rows:
        yield parse_stac_items_to_arrow(itertools.chain([first], itertools.islice(rows, BATCH - 1))).read_next_batch()


def _read(kept: pyarrow.NativeFile) -> Iterator[pyarrow.Table]:
    """The batches of a file, each of which is a stream of its own."""
    while kept.tell() < kept.size():
        yield ipc.open_stream(kept).read_all()


def _row_groups(tables: Iterator[pyarrow.Table], schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """With the columns of them all."""
    for first in tables:
        yield _joined([schema.empty_table(), first, *itertools.islice(tables, ROW_GROUP // BATCH - 1)])


def _joined(tables: list[pyarrow.Table]) -> pyarrow.RecordBatch:
    (batch,) = pyarrow.concat_tables(tables, promote_options="permissive").combine_chunks().to_batches()
    return batch
