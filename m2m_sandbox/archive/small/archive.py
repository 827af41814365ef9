"""An archive whose scenes are held in memory."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from m2m_sandbox.archive.search import UNKNOWN, Ints, ListedArchive
from m2m_sandbox.archive.small.scene import metadata_values, scene_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.row import Facts, Ring, Row


class SmallArchive(ListedArchive):
    """The rows of a small dataset, newest first, and its fact sheet. Scenes are built on request."""

    def __init__(self, rows: Iterable[Row], facts: Facts) -> None:
        # M2M's order within a day is not known. Here a first look meets what has a file and a place.
        self._rows = sorted(rows, key=lambda row: (row.day, row.download and bool(row.ring)), reverse=True)
        self._facts = facts
        self._numbers = {
            "entityId": {row.entity_id: number for number, row in enumerate(self._rows)},
            "displayId": {row.display_id: number for number, row in enumerate(self._rows)},
        }
        self._columns: dict[str, NDArray[Any]] = {}
        self.before = np.array([(date(2013, 1, 1) - row.day).days for row in self._rows], np.int32)
        self.places = np.arange(len(self._rows))
        self.cloud = np.array([_hundredths(row.cloud) for row in self._rows], np.uint16)
        super().__init__(_footprints([row.ring for row in self._rows]))

    def __len__(self) -> int:
        return len(self._rows)

    def scene(self, number: int, *, full: bool) -> Facts:
        """Return one scene as scene-search does."""
        return scene_of(self._rows[number], self._facts["name"], self._facts["scenes"], full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """Return the number of the scene with this id, or None."""
        return self._numbers.get(field, {}).get(identifier)

    def offers(self, number: int, code: str) -> bool:
        """Test whether a scene's product with this code can be downloaded."""
        row = self._rows[number]
        return row.download and code not in row.missing_products

    def is_scanned(self, number: int) -> bool:
        """Test whether a scene has nothing that must be ordered."""
        return self._rows[number].scanned

    def column(self, filter_id: str, numbers: Ints) -> NDArray[Any] | None:
        """Return what a filter compares: uppercase text, or numbers for a range of numbers.

        That is a metadata field, or the key that stands for the field's text in the filter's valueList.
        """
        entry = next((item for item in self._facts.get("filters", {}).items() if item[1][0] == filter_id), None)
        if entry is None:
            return None
        if filter_id not in self._columns:
            self._columns[filter_id] = self._column(*entry)
        return np.asarray(self._columns[filter_id][numbers])

    def _column(self, label: str, row: list[Any]) -> NDArray[Any]:
        scenes = self._facts["scenes"]
        name = scenes.get("columns", {}).get(label, label)
        keys = {text: key for key, text in scenes.get("keys", {}).get(label, {}).items()}
        fields = [metadata_values(scene, scenes).get(name) for scene in self._rows]
        texts = ["" if field is None else str(field).strip() for field in fields]
        values = [keys.get(text, text).upper() for text in texts]
        numbers = row[1] == "Range" and "/" not in "".join(values[:1])  # dates are compared as text
        return np.array(values, dtype=float if numbers else object)


def _hundredths(cloud: Any) -> int:
    return UNKNOWN if cloud is None or float(cloud) < 0 else round(100 * float(cloud))


def _footprints(rings: Sequence[Ring]) -> NDArray[np.object_]:
    """Build all footprints at once, which is four times as fast as one by one. A row without a ring is at 0, 0."""
    footprints = np.full(len(rings), shapely.Point(0, 0), object)
    with_ring = [number for number, ring in enumerate(rings) if ring]
    points = np.array([point for number in with_ring for point in rings[number]], float).reshape(-1, 2)
    ring_of = np.repeat(np.arange(len(with_ring)), [len(rings[number]) for number in with_ring])
    footprints[with_ring] = shapely.polygons(shapely.linearrings(points, indices=ring_of))
    return footprints
