"""What a scene shows: a landscape that stays put, its seasons, and the clouds of the day.

Value noise on the lattice of Web Mercator, so that it is seamless across zones; octave k has 2^k cells round the
globe. Coordinates are projected at control points every 32 pixels and interpolated between.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stac_bridge.sandbox.grid import PIXEL, Grid, projector
from stac_bridge.sandbox.hashing import mixed, share
from stac_bridge.sandbox.tiff import TILE

if TYPE_CHECKING:
    from stac_bridge.sandbox.landsat import SceneFacts

__all__ = ["View", "view"]

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
_CONTROL = TILE // 32
_EARTH = 40075016.7
_LAKES = -0.75
"""Relief (in standard deviations) below which water stands."""


class View:
    """A tile of a scene: where it is within the scene, water, snow and cloud, and how green the land is (0 to 1)."""

    def __init__(self, facts: SceneFacts, level: int, column: int, row: int) -> None:
        grid, size = facts.grid, PIXEL * 2**level
        x = grid.west - PIXEL / 2 + size * TILE * (column + np.linspace(0, 1, _CONTROL + 1))
        y = grid.north + PIXEL / 2 - size * TILE * (row + np.linspace(0, 1, _CONTROL + 1))
        self._east, self._down, latitude = _mercator(grid, *np.meshgrid(x, y))
        self._cell = size / (_EARTH * np.cos(np.radians(latitude)))
        relief = self._noise(1, 9, 17)
        greenness = 0.55 + 0.16 * self._noise(2, 10, 16) - 0.1 * relief
        season = np.cos(2 * np.pi * (facts.day.timetuple().tm_yday - 200) / 365.25) * np.sign(latitude)
        strength = min(1.0, abs(latitude) / 45)
        parcels = self._parcels()
        self.inside = _inside(grid, x, y)
        self.water: Flags = relief < _LAKES
        self.snow: Flags = ~self.water & (relief - 1.4 * season * strength + abs(latitude) / 30 > 4.2)
        self.green = np.clip(greenness + 0.22 * season * strength + 0.25 * (parcels - 0.5), 0, 1).astype(np.float32)
        self.cloud = self._cloud(facts)
        self.relief = relief
        self.latitude = latitude

    def _cloud(self, facts: SceneFacts) -> Flags:
        """As much cloud as the scene says, in the places that its own seed says."""
        covered = (facts.cloud or 0) / 10000
        if covered <= 0.001:
            return np.zeros((TILE, TILE), bool)
        threshold = NormalDist().inv_cdf(min(0.999, covered))
        return np.asarray(self._noise(facts.bits & 0xFFFF | 0x10000, 11, 16) < threshold)

    def _noise(self, seed: int, first: int, last: int) -> Floats:
        """Noise of about mean 0 and deviation 1; octaves finer than two pixels are left out."""
        total, power = np.zeros((TILE, TILE), np.float32), 0.0
        for octave in range(first, last):
            pixels = 1 / (2**octave * self._cell)
            if pixels < 2:
                break
            loud = 0.6 ** (octave - first)
            total += np.float32(loud) * self._octave(seed, octave, pixels)
            power += loud**2
        return total / np.float32(0.33 * max(power, 1e-9) ** 0.5)

    def _octave(self, seed: int, octave: int, pixels: float) -> Floats:
        """Computed as coarsely as its cells allow, then interpolated."""
        step = next((step for step in (32, 16, 8, 4, 2) if pixels >= 6 * step), 1)
        spread = _weights(TILE // step, step)
        across, down = (spread @ axis @ spread.T for axis in (self._east, self._down))
        values = _lattice(across * 2**octave, down * 2**octave, seed, octave)
        if step == 1:
            return values[:TILE, :TILE]
        back = _back(TILE // step)
        return (back @ values @ back.T).astype(np.float32)

    def _parcels(self) -> Floats:
        """Fields of about 300 m, each with its own crop; too small to see from far."""
        if self._cell * 2**17 > 0.5:
            return np.full((TILE, TILE), 0.5, np.float32)
        spread = _weights(TILE, 1)[:TILE]
        across, down = (
            np.floor(spread @ axis @ spread.T * 2**17).astype(np.int64) for axis in (self._east, self._down)
        )
        return share(mixed(across, down, np.int64(3))).astype(np.float32)


@lru_cache(maxsize=32)
def view(facts_of: Facts, level: int, column: int, row: int) -> View:
    """The view of a tile, kept for the other bands that will ask for it."""
    return View(facts_of.facts, level, column, row)


class Facts:
    """A scene's facts as a key: equal for the same scene."""

    def __init__(self, facts: SceneFacts) -> None:
        self.facts = facts
        self._key = facts.display_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _mercator(grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Floats, Floats, float]:
    """Shares of the way round the globe (unwrapped) and down from its top; the latitude in the middle."""
    longitude, latitude = projector(grid.epsg).transform(x, y, direction="INVERSE")
    near = grid.centre[0]
    east = (near + (longitude - near + 180) % 360 - 180 + 180) / 360
    down = (1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2
    return east, down, float(latitude[_CONTROL // 2, _CONTROL // 2])


def _lattice(x: NDArray[np.float64], y: NDArray[np.float64], seed: int, octave: int) -> Floats:
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    dx, dy = x - left, y - top
    dx, dy = dx * dx * (3 - 2 * dx), dy * dy * (3 - 2 * dy)
    wrap = (1 << octave) - 1

    def corner(right: int, below: int) -> NDArray[np.float64]:
        return 2 * share(mixed((left + right) & wrap, (top + below) & wrap, np.int64(seed * 64 + octave))) - 1

    upper = corner(0, 0) * (1 - dx) + corner(1, 0) * dx
    lower = corner(0, 1) * (1 - dx) + corner(1, 1) * dx
    return (upper * (1 - dy) + lower * dy).astype(np.float32)


@lru_cache(maxsize=16)
def _weights(count: int, step: int) -> NDArray[np.float64]:
    """From control points to ``count`` + 1 places, ``step`` pixels apart, the first at half a pixel."""
    return _linear((np.arange(count + 1) * step + 0.5) / 32, _CONTROL + 1)


@lru_cache(maxsize=16)
def _back(count: int) -> NDArray[np.float64]:
    """From ``count`` + 1 places to all pixels."""
    return _linear(np.arange(TILE) * count / TILE, count + 1)


def _linear(places: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    low = np.clip(places.astype(int), 0, count - 2)
    weights = np.zeros((len(places), count))
    rows = np.arange(len(places))
    weights[rows, low], weights[rows, low + 1] = 1 - (places - low), places - low
    return weights


def _inside(grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> Flags:
    """Within the tilted footprint; ``x`` and ``y`` are the tile's control lines."""
    xs, ys = projector(grid.epsg).transform(grid.footprint[:, 0], grid.footprint[:, 1])
    px = (np.linspace(x[0], x[-1], TILE, endpoint=False) + (x[-1] - x[0]) / TILE / 2)[None, :]
    py = (np.linspace(y[0], y[-1], TILE, endpoint=False) + (y[-1] - y[0]) / TILE / 2)[:, None]
    turns = [(xs[(i + 1) % 4] - xs[i]) * (py - ys[i]) - (ys[(i + 1) % 4] - ys[i]) * (px - xs[i]) for i in range(4)]
    return np.asarray(np.all(np.stack(turns) >= 0, 0) | np.all(np.stack(turns) <= 0, 0))
