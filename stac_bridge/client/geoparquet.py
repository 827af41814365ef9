"""Writes Items as stac-geoparquet. Importing this module needs stac-geoparquet, an extra of this package."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pyarrow  # type: ignore[import-untyped]
from pyarrow import ipc
from stac_geoparquet.arrow import parse_stac_items_to_arrow, to_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BATCH_SIZE = 500
"""Items converted at a time. As dictionaries they take ten times the memory of the table they become."""

ROW_GROUP_SIZE = 4 * BATCH_SIZE
"""Items in a row group. Each row group repeats the metadata of all columns, and Items have hundreds of columns, so a
few large row groups are read faster than many small ones."""

Item = dict[str, Any]


class _ShallowItem(Item):
    """An Item whose deep copy is a shallow one.

    stac-geoparquet deep-copies every Item before it replaces the geometry, which takes most of its time. Our Items
    are read once, so the difference has no effect.
    """

    def __deepcopy__(self, _memo: dict[int, Any]) -> _ShallowItem:
        return _ShallowItem(self)


def write_geoparquet(items: Iterable[Item], temporary: Path, path: Path) -> int:
    """Write the Items to ``path`` and return their number; writes no file if there are none. Raises pyarrow's errors.

    The schema is the union of all Items' columns. It is known only after the last Item, so the batches first go to
    the file ``temporary`` (Arrow IPC); memory holds one batch or row group at a time.
    """
    schema, count = pyarrow.schema([]), 0
    compressed = ipc.IpcWriteOptions(compression="zstd")
    with pyarrow.OSFile(str(temporary), "wb") as file:
        for batch in _batches(items):
            schema = pyarrow.unify_schemas([schema, batch.schema], promote_options="permissive")
            count += batch.num_rows
            with ipc.new_stream(file, batch.schema, options=compressed) as stream:
                stream.write_batch(batch)
    if count:
        with pyarrow.OSFile(str(temporary)) as file:
            row_groups = _row_groups(_read_batches(file), schema)
            to_parquet(pyarrow.RecordBatchReader.from_batches(schema, row_groups), path)
    return count


def _batches(items: Iterable[Item]) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches, each with the columns of its own Items; a batch's Items are freed before the next are read."""
    rows = map(_ShallowItem, items)
    for first in rows:
        batch = itertools.chain([first], itertools.islice(rows, BATCH_SIZE - 1))
        yield parse_stac_items_to_arrow(batch).read_next_batch()


def _read_batches(file: pyarrow.NativeFile) -> Iterator[pyarrow.Table]:
    """Yield the batches of the temporary file. Each is a stream of its own, because their schemas differ."""
    while file.tell() < file.size():
        yield ipc.open_stream(file).read_all()


def _row_groups(tables: Iterator[pyarrow.Table], schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """Join batches into row groups; the empty table adds the columns that these batches lack."""
    for first in tables:
        yield _join([schema.empty_table(), first, *itertools.islice(tables, ROW_GROUP_SIZE // BATCH_SIZE - 1)])


def _join(tables: list[pyarrow.Table]) -> pyarrow.RecordBatch:
    (batch,) = pyarrow.concat_tables(tables, promote_options="permissive").combine_chunks().to_batches()
    return batch
