"""A scene of any sensor, level and place, for tests of what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from m2m_sandbox.archive.landsat.grid import Crs, Grid, projector
from m2m_sandbox.archive.overpasses.sun import sun_at


@dataclass(frozen=True, eq=False)
class Scene:
    """What the pictures ask of a scene's facts."""

    sensor: str = "OLI_TIRS"
    level: str = "L2SP"
    satellite: int = 8
    middle: datetime = datetime(2024, 7, 15, 10, 20, tzinfo=UTC)
    cloud: int | None = 2500
    bits: int = 0x9E3779B97F4A7C15
    place: tuple[float, float] = (7.0, 46.5)
    crs: Crs = 32632
    size: tuple[int, int] = (300, 280)
    pixel: float = 30.0

    @property
    def grid(self) -> Grid:
        """An upright raster round a slightly tilted footprint, ``place`` in its middle."""
        width, height = self.size
        x, y = projector(self.crs).transform(*self.place)
        west = float(np.floor((x - width / 2 * self.pixel) / self.pixel) * self.pixel)
        north = float(np.ceil((y + height / 2 * self.pixel) / self.pixel) * self.pixel)
        east, south = west + self.pixel * (width - 1), north - self.pixel * (height - 1)
        tilt = 0.12 * (east - west)
        # As USGS has them: behind right, ahead right, ahead left, behind left of a flight to the south.
        xs = [west, west + tilt, east, east - tilt][::-1]
        ys = [north - tilt, south, south + tilt, north][::-1]
        ring = np.stack(projector(self.crs).transform([xs[2], xs[3], xs[0], xs[1]], ys, direction="INVERSE"), -1)
        return Grid(self.crs, west, north, width, height, self.place, ring, self.pixel)

    @property
    def display_id(self) -> str:
        """Tells apart what looks different."""
        said = (self.sensor, self.level, self.satellite, f"{self.middle:%Y%m%dT%H%M}", self.cloud, self.bits)
        return "_".join(map(str, (*said, *self.place, self.crs, *self.size, self.pixel)))

    @property
    def day(self) -> object:
        return self.middle.date()

    @property
    def sun(self) -> tuple[float, float]:
        return sun_at(*self.place, self.middle)
