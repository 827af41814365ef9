"""An archive whose scenes stand in a list."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from m2m_sandbox.archive.search import UNKNOWN, Ints, Listed
from m2m_sandbox.archive.small.scene import fields, scene_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.row import Facts, Ring, Row

__all__ = ["Few"]


class Few(Listed):
    """Rows, the newest first, and what M2M says of their dataset. Scenes are made when they are asked for."""

    def __init__(self, rows: Iterable[Row], facts: Facts) -> None:
        self._rows = sorted(rows, key=lambda row: row.day, reverse=True)
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
        """One scene as scene-search gives it."""
        return scene_of(self._rows[number], self._facts["name"], self._facts["scenes"], full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """By either id."""
        return self._numbers.get(field, {}).get(identifier)

    def offers(self, number: int, code: str) -> bool:
        """Whether a scene's product of this code can be downloaded."""
        row = self._rows[number]
        return row.download and code not in row.lacks

    def column(self, filter_id: str, numbers: Ints) -> NDArray[Any] | None:
        """A line of the metadata, in capitals as M2M compares it, or numbers where a range of numbers is asked for."""
        said = next((one for one in self._facts.get("filters", {}).items() if one[1][0] == filter_id), None)
        if said is None:
            return None
        if filter_id not in self._columns:
            self._columns[filter_id] = self._column(*said)
        return np.asarray(self._columns[filter_id][numbers])

    def _column(self, label: str, said: list[Any]) -> NDArray[Any]:
        scenes = self._facts["scenes"]
        name = scenes.get("columns", {}).get(label, label)
        values = [str(fields(row, scenes).get(name, "")).strip().upper() for row in self._rows]
        numbers = said[1] == "Range" and "/" not in "".join(values[:1])  # days are compared as text
        return np.array(values, dtype=float if numbers else object)


def _hundredths(cloud: Any) -> int:
    return UNKNOWN if cloud is None or float(cloud) < 0 else round(100 * float(cloud))


def _footprints(rings: Sequence[Ring]) -> NDArray[np.object_]:
    """All at once, which is four times as fast as one by one; what has no ring lies at 0, 0."""
    found = np.full(len(rings), shapely.Point(0, 0), object)
    outlined = [number for number, ring in enumerate(rings) if ring]
    points = np.array([point for number in outlined for point in rings[number]], float).reshape(-1, 2)
    ring_of = np.repeat(np.arange(len(outlined)), [len(rings[number]) for number in outlined])
    found[outlined] = shapely.polygons(shapely.linearrings(points, indices=ring_of))
    return found
