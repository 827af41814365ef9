"""How bright and how warm what a view shows is."""

from __future__ import annotations

from functools import lru_cache
from math import radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.archive.fact_sheets import read_yaml
from m2m_sandbox.pixels.landscape.cover import SURFACES

if TYPE_CHECKING:
    from m2m_sandbox.pixels.landscape.noise import Floats
    from m2m_sandbox.pixels.landscape.view import View

__all__ = ["kelvin", "rows", "surface", "top"]


@lru_cache(maxsize=8)
def rows(name: str) -> dict[str, Any]:
    """A table of ``facts/pictures/``."""
    found: dict[str, Any] = read_yaml("archive", "facts", "pictures", f"{name}.yaml")
    return found


@lru_cache(maxsize=64)
def _spectrum(band: str) -> dict[str, np.float32]:
    """Of every surface in a band; a name such as ``blue+red`` is the mean of two."""
    table = rows("spectra")
    columns = [table["bands"].index(part) for part in band.split("+")]
    return {
        name: np.float32(sum(said[column] for column in columns) / len(columns))
        for name, said in table.items()
        if name != "bands"
    }


def surface(seen: View, band: str) -> Floats:
    """Reflectance of what is seen, clouds included, 0 to 1.

    Added up surface by surface: a matrix product may round otherwise on another machine.
    """
    spectrum = _spectrum(band)
    total = seen.shares[0] * spectrum[SURFACES[0]]
    for name, share in zip(SURFACES[1:], seen.shares[1:], strict=True):
        total += share * spectrum[name]
    total *= seen.light * (1 - np.float32(0.58) * seen.sky.shadow)
    thick = np.clip(np.float32(0.86) - np.float32(0.12) * seen.sky.apart, 0.7, 1.15)
    total += seen.sky.cloud * (spectrum["cloud"] * thick - total)
    total += seen.sky.cirrus * np.float32(0.25) * (spectrum["cloud"] - total)
    return np.clip(total, 0.001, 1, out=total)


def top(seen: View, band: str) -> Floats:
    """Reflectance at the top of the atmosphere: duller, and bluer by what the air itself scatters."""
    return surface(seen, band) * np.float32(0.92) + _spectrum(band)["haze"]


def kelvin(seen: View, elevation: float) -> Floats:
    """Temperature of what is seen: bare ground heats in the sun, leaves do so less, water follows the air slowly."""
    heat = np.float32(max(0.0, sin(radians(elevation))))
    bare = 1 - seen.share("leaves") - seen.share("forest") - seen.share("water") - seen.share("snow")
    warmed = (
        heat * seen.light * (17 * bare + np.float32(5) * seen.share("leaves") + np.float32(3.5) * seen.share("forest"))
    )
    ground = seen.air + warmed
    water, snow = np.maximum(np.float32(0.6) * seen.air + 5, 1), np.minimum(seen.air, -1)
    ground += seen.share("water") * (water - seen.air) + seen.share("snow") * (snow - seen.air)
    ground -= np.float32(4) * seen.sky.shadow
    top_of_cloud = seen.air - 22 - 6 * np.clip(-seen.sky.apart, 0, 2)
    return np.asarray(np.float32(273.15) + ground + seen.sky.cloud * (top_of_cloud - ground))
