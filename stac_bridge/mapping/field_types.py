"""The JSON type of a metadata field that no row types, decided by its label alone.

A type decided by value would change from scene to scene: mission "9035" is digits only, mission "9034A" is not. Text
is the rule, because most fields are names and codes. The exceptions are measures and counts: labels with these words
hold numbers in every recording and in every data dictionary of USGS [REFERENCE §6].
"""

from __future__ import annotations

import re

_MEASURES = frozenset(
    {
        *("azimuth", "elevation", "zenith", "angle", "inclination", "altitude", "rmse"),
        *("meters", "feet", "degrees", "percent", "kilometers", "mm"),
        *("lines", "samples", "dec", "decimal", "quantification", "month", "fill"),
    }
)
"""Words of labels such as "Sun Elevation L1", "Flying Height in Feet" and "NW Corner Lat dec"."""

_PHRASES = (
    *("number of", "segment count", "control points model", "image quality", "grid cell size"),
    *("land cloud cover", "scene cloud cover", "snow ice"),
)
"""Parts of labels such as "Number of Bands". "Cloud Cover" alone is text: many datasets have classes there."""

_NAMES = frozenset(
    {"file", "name", "type", "parameter", "unit", "units", "version", "flag", "dms", "text", "yyyy", "dd"}
)
"""Words of labels that hold text in spite of a measure's word, such as "Elevation File Name" and "(YYYY/MM/DD)"."""

_WORD = re.compile(r"[a-z0-9]+")


def is_number(label: str) -> bool:
    """Whether the property of a metadata field is a number; else it is text. Takes a label or the property's name.

    >>> [is_number(label) for label in ("Sun Elevation L1", "m2m:sun_elevation_l1", "NW  Corner Lat dec")]
    [True, True, True]
    >>> [is_number(label) for label in ("Mission", "Frame Number", "WRS Path", "Cloud Cover", "m2m:cloud_cover")]
    [False, False, False, False, False]
    >>> is_number("Number of Bands"), is_number("Geometric RMSE Model X"), is_number("Elevation File Name")
    (True, True, False)
    """
    words = _WORD.findall(label.casefold().removeprefix("m2m:"))
    if not _NAMES.isdisjoint(words):
        return False
    text = f" {' '.join(words)} "
    return not _MEASURES.isdisjoint(words) or any(f" {phrase} " in text for phrase in _PHRASES)
