"""What is decided about one Landsat scene; everything else that is said of it follows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from m2m_sandbox.archive.calendar_days import spelt
from m2m_sandbox.archive.landsat.families import FAMILIES, Family
from m2m_sandbox.archive.landsat.grid import Grid, grid_of
from m2m_sandbox.archive.overpasses.chance import made_anew
from m2m_sandbox.archive.overpasses.sun import sun_at

__all__ = ["SceneFacts", "grid_at"]

_HALF = timedelta(seconds=14.9)
"""Half of the time that a scene takes."""

_LETTERS = {"OLI_TIRS": "C", "OLI": "O", "ETM": "E", "TM": "T", "MSS": "M"}
_CORRECTOR_LOST = date(2003, 5, 31)


@dataclass(frozen=True)
class SceneFacts:
    """A scene of a family. ``cloud`` is in hundredths of a percent, None where unknown; ``bits`` are its own chance.

    ``level1_id`` is the id of the Level-1 product: its own, or that of the one from which it was made.
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
        self._settle(day=day, processed=made_anew(day, (self.bits >> 12) % 14))
        self._settle(**self._ids())

    def _settle(self, **decided: Any) -> None:
        """Said once, because everything that is said of a scene needs it."""
        for name, value in decided.items():
            object.__setattr__(self, name, value)

    def _ids(self) -> dict[str, str]:
        """The id of the scene outlasts reprocessing and is the same in both levels; that of a product does neither."""
        taken, made = spelt(self.day), spelt(self.processed)
        letter, place = _LETTERS[self.sensor], f"{self.path:03}{self.row:03}"
        rest = f"{place}_{taken.plain}_{made.plain}_02_{self.tier}"
        return {
            "display_id": f"L{letter}{self.satellite:02}_{self.level}_{rest}",
            "level1_id": f"L{letter}{self.satellite:02}_{self._level1}_{rest}",
            "entity_id": f"L{letter}{self.satellite}{place}{taken.of_year}{self.station}",
        }

    @property
    def dataset(self) -> str:
        """The dataset that it is in."""
        return self.family.dataset

    @property
    def sensor(self) -> str:
        """OLI_TIRS, OLI, ETM, TM or MSS."""
        blind = self.family.sensor == "OLI_TIRS" and self.bits >> 20 & 0x1FF == 0
        return "OLI" if blind else self.family.sensor

    @property
    def tier(self) -> str:
        """T1 or T2."""
        return "T2" if self.bits >> 8 & 0xF == 0 else "T1"

    @property
    def level(self) -> str:
        """L1TP, L1GT, L1GS, L2SP or, where there is no temperature, L2SR."""
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
        """The ground station, and the version, which end the scene's id."""
        return self.family.stations[self.bits % len(self.family.stations)]

    @property
    def corrected(self) -> bool:
        """Whether the scan line corrector still worked, which was lost on one day of 2003."""
        return self.day < _CORRECTOR_LOST

    @property
    def grid(self) -> Grid:
        """The product's raster."""
        return grid_at(self.path, self.row, self.family.pixel)

    @property
    def start(self) -> datetime:
        """When its first line was taken."""
        return self.middle - _HALF

    @property
    def stop(self) -> datetime:
        """When its last line was taken."""
        return self.middle + _HALF

    @property
    def sun(self) -> tuple[float, float]:
        """Elevation and azimuth at the middle, in degrees."""
        return sun_at(*self.grid.centre, self.middle)


@lru_cache(maxsize=4096)
def grid_at(path: int, row: int, pixel: float) -> Grid:
    """The place's grid, with every second line and column where pixels are twice as large."""
    grid = grid_of(path, row)
    step = round(pixel / grid.pixel)
    return replace(grid, pixel=pixel, width=-(-grid.width // step), height=-(-grid.height // step))
