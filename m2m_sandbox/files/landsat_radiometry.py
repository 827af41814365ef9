"""How a Landsat product's numbers become reflectance, radiance and temperature: these groups of its MTL file."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

from m2m_sandbox.archive.overpasses.sun import earth_sun_distance
from m2m_sandbox.pixels.bands import SURFACE_SCALE, TEMPERATURE_SCALE, RasterKind, raster_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

Values = dict[str, str]

_IRRADIANCE: dict[str, tuple[float, ...]] = {
    "OLI": (1972.25, 2019.61, 1861.06, 1569.35, 960.36, 238.83, 80.5, 1776.07, 375.33),
    "ETM": (2036.0, 1856.0, 1525.0, 1071.0, 221.6, 0.0, 81.36, 1319.0),
    "TM": (1944.0, 1759.0, 1490.0, 1033.0, 209.6, 0.0, 82.24),
    "MSS": (1791.0, 1537.0, 1274.0, 846.3),
}
"""Solar irradiance of each reflective band at one astronomical unit, in W/(m² µm): radiance over reflectance in the MTL
files of real products, times π and the distance squared. Thermal bands have 0."""

_MAX_EARLY_SATELLITE = 3
"""Landsat 1 to 3 number the four bands of MSS from 4."""

_CONSTANT_DIGITS = {"OLI_TIRS": 4, "ETM": 2, "TM": 2}


def level_1_groups(facts: SceneFacts) -> dict[str, Values]:
    """Return the groups about the numbers of the Level-1 product: the product itself, or what it was made from."""
    kinds = level_1_bands(facts)
    ranges = {name: _limits(kind) for name, kind in kinds.items()}
    reflective = {name: kind for name, kind in kinds.items() if kind.thermal is None}
    radiance = {name: _radiance(facts, name, kind) for name, kind in kinds.items()}
    radiance_format = _decimals(5 if facts.sensor.startswith("OLI") else 3)
    groups = {
        "LEVEL1_MIN_MAX_RADIANCE": _extremes("RADIANCE", radiance, ranges, radiance_format),
        "LEVEL1_MIN_MAX_REFLECTANCE": _extremes(
            "REFLECTANCE", {name: kind.scale for name, kind in reflective.items()}, ranges, _decimals(6)
        ),
        "LEVEL1_MIN_MAX_PIXEL_VALUE": quantization(ranges),
        "LEVEL1_RADIOMETRIC_RESCALING": {
            **{f"RADIANCE_MULT_BAND_{name}": f"{factor:.4E}" for name, (factor, _) in radiance.items()},
            **{f"RADIANCE_ADD_BAND_{name}": f"{offset:.5f}" for name, (_, offset) in radiance.items()},
            **{f"REFLECTANCE_MULT_BAND_{name}": f"{kind.scale[0]:.4E}" for name, kind in reflective.items()},
            **{f"REFLECTANCE_ADD_BAND_{name}": f"{kind.scale[1]:.6f}" for name, kind in reflective.items()},
        },
        "LEVEL1_THERMAL_CONSTANTS": dict(_thermal_constants(facts.sensor, kinds)),
    }
    return {name: values for name, values in groups.items() if values}


def level_2_groups(facts: SceneFacts) -> dict[str, Values]:
    """Return the groups about the numbers of surface reflectance and, if the product has it, temperature."""
    names = raster_kinds(facts.sensor, facts.level, facts.satellite)
    reflective = {name.removeprefix("SR_B"): kind for name, kind in names.items() if name.startswith("SR_B")}
    thermal = {name: kind for name, kind in names.items() if name.startswith("ST_B")}
    ranges = {name: _limits(kind) for name, kind in {**reflective, **thermal}.items()}
    groups = {
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {
            **_extremes("REFLECTANCE", dict.fromkeys(reflective, SURFACE_SCALE), ranges, _decimals(6)),
            **quantization({name: ranges[name] for name in reflective}),
            **{f"REFLECTANCE_MULT_BAND_{name}": f"{SURFACE_SCALE[0]}" for name in reflective},
            **{f"REFLECTANCE_ADD_BAND_{name}": f"{SURFACE_SCALE[1]}" for name in reflective},
        },
        "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS": {
            **_extremes("TEMPERATURE", dict.fromkeys(thermal, TEMPERATURE_SCALE), ranges, _decimals(6)),
            **quantization({name: ranges[name] for name in thermal}, ("MAXIMUM", "MINIMUM")),
            **{f"TEMPERATURE_MULT_BAND_{name}": f"{TEMPERATURE_SCALE[0]}" for name in thermal},
            **{f"TEMPERATURE_ADD_BAND_{name}": f"{TEMPERATURE_SCALE[1]}" for name in thermal},
        },
    }
    return {name: values for name, values in groups.items() if values}


def level_1_bands(facts: SceneFacts) -> dict[str, RasterKind]:
    """Return the bands of the Level-1 product by the number in its keywords, such as ``10`` or ``6_VCID_1``."""
    kinds = raster_kinds(facts.sensor, "L1TP", facts.satellite)
    return {name.removeprefix("B"): kind for name, kind in kinds.items() if name.startswith("B")}


def quantization(ranges: Mapping[str, tuple[int, int]], words: tuple[str, str] = ("MAX", "MIN")) -> Values:
    """Return the keywords of the largest and the smallest number of each band."""
    return {
        f"QUANTIZE_CAL_{word}_BAND_{name}": str(limit)
        for name, (smallest, largest) in ranges.items()
        for word, limit in zip(words, (largest, smallest), strict=True)
    }


def _limits(kind: RasterKind) -> tuple[int, int]:
    return 1, 255 if kind.data_type == "UINT8" else 65_535


def _radiance(facts: SceneFacts, name: str, kind: RasterKind) -> tuple[float, float]:
    """Return factor and offset of radiance, in W/(m² sr µm): reflectance as the sun lights it that day."""
    factor, offset = kind.scale
    if kind.thermal is not None:
        return factor, offset
    first = 4 if facts.sensor == "MSS" and facts.satellite <= _MAX_EARLY_SATELLITE else 1
    irradiance = _IRRADIANCE[facts.sensor.partition("_")[0]][int(name) - first]
    per_reflectance = irradiance / (pi * earth_sun_distance(facts.middle) ** 2)
    return factor * per_reflectance, offset * per_reflectance


def _extremes(
    word: str,
    scales: Mapping[str, tuple[float, float]],
    ranges: Mapping[str, tuple[int, int]],
    write: Callable[[float], str],
) -> Values:
    """Return the keywords of the values that the largest and the smallest number of each band stand for."""
    return {
        f"{word}_{extreme}_BAND_{name}": write(factor * number + offset)
        for name, (factor, offset) in scales.items()
        for extreme, number in zip(("MAXIMUM", "MINIMUM"), reversed(ranges[name]), strict=True)
    }


def _thermal_constants(sensor: str, kinds: Mapping[str, RasterKind]) -> Iterator[tuple[str, str]]:
    for name, kind in kinds.items():
        for number, constant in enumerate(kind.thermal or (), 1):
            yield f"K{number}_CONSTANT_BAND_{name}", f"{constant:.{_CONSTANT_DIGITS[sensor]}f}"


def _decimals(count: int) -> Callable[[float], str]:
    return lambda value: f"{value:.{count}f}"
