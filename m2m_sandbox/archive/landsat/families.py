"""The families of Landsat data that the sandbox holds: their satellites, periods and product names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from m2m_sandbox.archive.overpasses.timetable import Mission

END = date(2026, 11, 1)
"""End of the archive (exclusive)."""

_OLI = Mission(8, date(2013, 4, 11), END, 0), Mission(9, date(2021, 10, 31), END, 8)
_ETM = (Mission(7, date(1999, 7, 1), date(2022, 4, 7), 8, taken_cycles=3),)
_TM = (
    Mission(4, date(1982, 8, 22), date(1993, 12, 15), 8, taken_cycles=1),
    Mission(5, date(1984, 3, 1), date(2012, 5, 6), 0, taken_cycles=2),
)
_MSS = (  # only Landsat 4 and 5: earlier satellites used another grid of paths and rows (WRS-1)
    Mission(4, date(1982, 8, 4), date(1992, 10, 15), 8, taken_cycles=1),
    Mission(5, date(1984, 3, 1), date(1992, 10, 15), 0, taken_cycles=1),
    Mission(5, date(2012, 6, 1), date(2013, 1, 8), 0, taken_cycles=1),
)


@dataclass(frozen=True, slots=True)
class Family:
    """A dataset's products.

    ``level`` is 1 or 2, ``pixel`` is in meters, ``stations`` are the suffixes of scene ids.
    """

    dataset: str
    sensor: str
    level: int
    missions: tuple[Mission, ...]
    stations: tuple[str, ...] = ("LGN00",)
    pixel: float = 30.0
    tiled: bool = False

    @property
    def files(self) -> str:
        """The dataset that the files inside its products belong to."""
        return "landsat_ard_tile_files_c2" if self.tiled else f"landsat_band_files_c2_l{self.level}"


_EDC, _KIS, _AAA = ("EDC00", "ASN00", "SGS00"), ("KIS00", "PAC00", "XXX01"), ("AAA03", "PAC00")
FAMILIES = {
    family.dataset: family
    for family in (
        Family("landsat_ot_c2_l2", "OLI_TIRS", 2, _OLI),
        Family("landsat_ot_c2_l1", "OLI_TIRS", 1, _OLI),
        Family("landsat_etm_c2_l2", "ETM", 2, _ETM, _EDC),
        Family("landsat_etm_c2_l1", "ETM", 1, _ETM, _EDC),
        Family("landsat_tm_c2_l2", "TM", 2, _TM, _KIS),
        Family("landsat_tm_c2_l1", "TM", 1, _TM, _KIS),
        Family("landsat_mss_c2_l1", "MSS", 1, _MSS, _AAA, 60.0),
    )
}

ARD = Family("landsat_ard_tile_c2", "OLI_TIRS", 2, (*_TM, *_ETM, *_OLI), tiled=True)
"""Tiles of all sensors; each tile's id names its own sensor."""

_REGIONS = ("CU", "AK", "HI")
_SENSORS = {"LC": "OLI_TIRS", "LO": "OLI_TIRS", "LE": "ETM", "LT": "TM", "LM": "MSS"}


def family_of(display_id: str) -> Family | None:
    """Return the family that a product id belongs to, or None for any other text."""
    sensor, level = _SENSORS.get(display_id[:2]), display_id[5:7]
    if sensor and level in _REGIONS:
        return ARD
    matches = (family for family in FAMILIES.values() if family.sensor == sensor and level == f"L{family.level}")
    return next(matches, None)
