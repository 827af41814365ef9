"""The facts of one Landsat scene, from which everything else about it is derived."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from m2m_sandbox.archive.calendar_days import day_text
from m2m_sandbox.archive.landsat.families import FAMILIES, Family
from m2m_sandbox.archive.landsat.grid import Grid, grid_of
from m2m_sandbox.archive.overpasses.chance import processing_date
from m2m_sandbox.archive.overpasses.sun import sun_at

_HALF_DURATION = timedelta(seconds=14.9)
"""Half of the time in which a scene is imaged."""

_LETTERS = {"OLI_TIRS": "C", "OLI": "O", "ETM": "E", "TM": "T", "MSS": "M"}
_CORRECTOR_FAILURE = date(2003, 5, 31)


@dataclass(frozen=True)
class SceneFacts:
    """A scene of a family.

    ``cloud`` is in hundredths of a percent, None if unknown; ``bits`` are the scene's 64 random bits.
    ``level1_id`` is the id of the Level-1 product: the scene's own, or that of the product it was made from.
    """

    path: int
    row: int
    satellite: int
    middle: datetime
    cloud: int | None
    bits: int
    family: Family = FAMILIES["landsat_ot_c2_l2"]

    day: date = field(init=False)
    processed: date = field(init=False)
    display_id: str = field(init=False)
    level1_id: str = field(init=False)
    entity_id: str = field(init=False)

    def __post_init__(self) -> None:
        day = self.middle.date()
        self._set(day=day, processed=processing_date(day, (self.bits >> 12) % 14))
        self._set(**self._ids())

    def _set(self, **values: Any) -> None:
        """Set derived values once: almost every reader of a scene needs them."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _ids(self) -> dict[str, str]:
        """Build the ids. Only the scene's id (``entity_id``) is the same in both levels and survives reprocessing."""
        acquired, processed = day_text(self.day), day_text(self.processed)
        letter, place = _LETTERS[self.sensor], f"{self.path:03}{self.row:03}"
        suffix = f"{place}_{acquired.plain}_{processed.plain}_02_{self.tier}"
        return {
            "display_id": f"L{letter}{self.satellite:02}_{self.level}_{suffix}",
            "level1_id": f"L{letter}{self.satellite:02}_{self._level1}_{suffix}",
            "entity_id": f"L{letter}{self.satellite}{place}{acquired.year_day}{self.station}",
        }

    @property
    def dataset(self) -> str:
        """The dataset that contains it."""
        return self.family.dataset

    @property
    def sensor(self) -> str:
        """OLI_TIRS, OLI, ETM, TM or MSS."""
        no_thermal = self.family.sensor == "OLI_TIRS" and self.bits >> 20 & 0x1FF == 0
        return "OLI" if no_thermal else self.family.sensor

    @property
    def tier(self) -> str:
        """T1 or T2."""
        return "T2" if self.bits >> 8 & 0xF == 0 else "T1"

    @property
    def level(self) -> str:
        """L1TP, L1GT, L1GS, L2SP or, if there is no temperature, L2SR."""
        if self.family.level == 1:
            return self._level1
        return "L2SR" if self.bits % 12 == 0 or self.sensor == "OLI" else "L2SP"

    @property
    def _level1(self) -> str:
        if self.tier == "T1":
            return "L1TP"
        return "L1GT" if self.family.sensor == "OLI_TIRS" or self.bits & 1 else "L1GS"

    @property
    def station(self) -> str:
        """Ground station and version, the suffix of the scene id."""
        return self.family.stations[self.bits % len(self.family.stations)]

    @property
    def corrected(self) -> bool:
        """Whether the scan line corrector of Landsat 7 still worked; it failed on one day of 2003."""
        return self.day < _CORRECTOR_FAILURE

    @property
    def grid(self) -> Grid:
        """The product's raster."""
        return grid_of(self.path, self.row, self.family.pixel)

    @property
    def start(self) -> datetime:
        """When its first line was imaged."""
        return self.middle - _HALF_DURATION

    @property
    def stop(self) -> datetime:
        """When its last line was imaged."""
        return self.middle + _HALF_DURATION

    @property
    def sun(self) -> tuple[float, float]:
        """Elevation and azimuth of the sun at the scene's middle, in degrees."""
        return sun_at(*self.grid.center, self.middle)
