"""What is decided about one Landsat scene; everything else that is said of it follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

from stac_bridge.sandbox.calendar_days import spelt
from stac_bridge.sandbox.chance import made_anew
from stac_bridge.sandbox.families import FAMILIES, Family
from stac_bridge.sandbox.grid import Grid, grid_of
from stac_bridge.sandbox.sun import sun_at

__all__ = ["SceneFacts", "grid_at"]

_HALF = timedelta(seconds=14.9)
"""Half of the time that a scene takes."""

_LETTERS = {"OLI_TIRS": "C", "OLI": "O", "ETM": "E", "TM": "T", "MSS": "M"}
_CORRECTOR_LOST = date(2003, 5, 31)


@dataclass(frozen=True)
class SceneFacts:
    """A scene of a family. ``cloud`` is in hundredths of a percent, None where unknown; ``bits`` are its own chance."""

    path: int
    row: int
    satellite: int
    middle: datetime
    cloud: int | None
    bits: int
    family: Family = FAMILIES["landsat_ot_c2_l2"]

    @property
    def dataset(self) -> str:
        """The dataset that it is in."""
        return self.family.dataset

    @cached_property
    def day(self) -> date:
        """When it was taken."""
        return self.middle.date()

    @cached_property
    def processed(self) -> date:
        """When the product was made."""
        return made_anew(self.day, (self.bits >> 12) % 14)

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

    @cached_property
    def _rest(self) -> str:
        """What follows the level in the ids of both levels."""
        taken, made = spelt(self.day).plain, spelt(self.processed).plain
        return f"{self.path:03}{self.row:03}_{taken}_{made}_02_{self.tier}"

    @cached_property
    def display_id(self) -> str:
        """The product's id."""
        return f"L{_LETTERS[self.sensor]}{self.satellite:02}_{self.level}_{self._rest}"

    @cached_property
    def level1_id(self) -> str:
        """The id of the Level-1 product: its own, or that of the one from which it was made."""
        return f"L{_LETTERS[self.sensor]}{self.satellite:02}_{self._level1}_{self._rest}"

    @cached_property
    def entity_id(self) -> str:
        """The scene's id, which outlasts reprocessing and is the same in both levels."""
        day = spelt(self.day).of_year
        return f"L{_LETTERS[self.sensor]}{self.satellite}{self.path:03}{self.row:03}{day}{self.station}"

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
