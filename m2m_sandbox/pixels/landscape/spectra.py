"""Reflectance and temperature of a view."""

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


@lru_cache(maxsize=8)
def read_table(name: str) -> dict[str, Any]:
    """Read a table of ``facts/pictures/``."""
    table: dict[str, Any] = read_yaml("archive", "facts", "pictures", f"{name}.yaml")
    return table


@lru_cache(maxsize=64)
def _spectrum(band: str) -> dict[str, np.float32]:
    """Return the reflectance of every surface in a band; a name such as ``blue+red`` is the mean of two bands."""
    table = read_table("spectra")
    columns = [table["bands"].index(band_name) for band_name in band.split("+")]
    return {
        name: np.float32(sum(reflectances[column] for column in columns) / len(columns))
        for name, reflectances in table.items()
        if name != "bands"
    }


def surface(view: View, band: str) -> Floats:
    """Return surface reflectance including clouds, 0 to 1.

    Summed surface by surface: a matrix product may round differently on another machine.
    """
    spectrum = _spectrum(band)
    total = view.shares[0] * spectrum[SURFACES[0]]
    for name, share in zip(SURFACES[1:], view.shares[1:], strict=True):
        total += share * spectrum[name]
    total *= view.light * (1 - np.float32(0.58) * view.sky.shadow)
    brightness = np.clip(np.float32(0.86) - np.float32(0.12) * view.sky.cloud_distance, 0.7, 1.15)
    total += view.sky.cloud * (spectrum["cloud"] * brightness - total)
    total += view.sky.cirrus * np.float32(0.25) * (spectrum["cloud"] - total)
    return np.clip(total, 0.001, 1, out=total)


def top(view: View, band: str) -> Floats:
    """Return top-of-atmosphere reflectance: attenuated, plus the band's haze."""
    return surface(view, band) * np.float32(0.92) + _spectrum(band)["haze"]


def kelvin(view: View, elevation: float) -> Floats:
    """Return temperature in kelvins: sun heats bare ground, leaves less; water lags behind the air."""
    sun_sine = np.float32(max(0.0, sin(radians(elevation))))
    bare = 1 - view.share("leaves") - view.share("forest") - view.share("water") - view.share("snow")
    warmed = (
        sun_sine
        * view.light
        * (17 * bare + np.float32(5) * view.share("leaves") + np.float32(3.5) * view.share("forest"))
    )
    ground = view.air + warmed
    water, snow = np.maximum(np.float32(0.6) * view.air + 5, 1), np.minimum(view.air, -1)
    ground += view.share("water") * (water - view.air) + view.share("snow") * (snow - view.air)
    ground -= np.float32(4) * view.sky.shadow
    top_of_cloud = view.air - 22 - 6 * np.clip(-view.sky.cloud_distance, 0, 2)
    return np.asarray(np.float32(273.15) + ground + view.sky.cloud * (top_of_cloud - ground))
