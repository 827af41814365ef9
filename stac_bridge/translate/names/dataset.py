"""The title of a dataset: its long name or a curated one; codes in shorter names are expanded."""

from __future__ import annotations

import re

from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.text import plain_line
from stac_bridge.mapping.converters import CONVERTERS
from stac_bridge.mapping.model import CollectionText
from stac_bridge.translate.names.codes import ACRONYMS, EVENT_WORDS, PRODUCTS
from stac_bridge.translate.names.places import PLACES

_WORD = re.compile(r"[a-z]{3}")
"""A part of an ordinary word; codes have capitals and digits, and rarely a small letter or two (AWiFS, eMODIS)."""

_ABBREVIATED = re.compile(r"([^=]+) = (.+)")
"""The short name before a long one: "NAPP = National Aerial Photography Program"."""

_VERSION = re.compile(r"[vV](\d+)(?:[._](\d+))?$")
_COLLECTION_LEVEL = {"C1": "Collection 1", "C2": "Collection 2", "L1": "Level-1", "L2": "Level-2"}
_DIRECTIONS = frozenset({"Central", "Eastern", "Midwest", "Northern", "Southeast", "Southern", "Western"})
_PLACE_ACRONYMS = {"CONUS": ACRONYMS["CONUS"]}
_NUMBERED = re.compile(r"([a-z]+)(\d+)")
"""A code and a year or another number, such as gls2000."""

_SMALL_WORDS = frozenset({"and", "of", "the", "in", "at", "for"})


def dataset_title(dataset: Dataset, text: CollectionText) -> str:
    """Return a title with at least one ordinary word, as far as M2M's record has any."""
    if text.title:
        return text.title
    name, long_name = dataset.name, dataset.long_name
    if text.name_as == "event" and (name or long_name):
        return _event_title(name or long_name or "")
    if long_name and is_readable(long_name):
        return _without_abbreviation(long_name)
    alias = plain_line(dataset.alias)
    candidates = [_expand_alias(part) if part.islower() else _expand(part) for part in (long_name, name) if part]
    candidates += [_expand_alias(alias)] if alias else []
    for candidate in candidates:
        if is_readable(candidate):
            return candidate
    code = name or long_name or alias
    kind = dataset.category
    if not code:
        return "Dataset without a name"
    return f"{kind} ({code})" if kind and is_readable(kind) else f"Dataset {code}"


def _without_abbreviation(long_name: str) -> str:
    """A long name without the code before it, which repeats its words.

    >>> _without_abbreviation("NAPP = National Aerial Photography Program  1:40,000 Scale: 1987 - 2007.")
    'National Aerial Photography Program 1:40,000 Scale: 1987 - 2007'
    >>> _without_abbreviation("Space Acquired Photo = Gemini, Skylab")
    'Space Acquired Photo - Gemini, Skylab'
    """
    name = " ".join(long_name.split()).rstrip(" .")
    match = _ABBREVIATED.fullmatch(name)
    if not match:
        return name
    return f"{match[1]} - {match[2]}" if is_readable(match[1]) else match[2]


def is_readable(title: str) -> bool:
    """Return whether a title has an ordinary word.

    >>> [is_readable(title) for title in ("NAPP", "ECO2CLD", "IRS AWiFS", "MODIS MOD09A1 V6", "mss_film", "Libya 1")]
    [False, False, False, False, False, True]
    """
    return any(_WORD.search(word) and "_" not in word for word in title.split())


def _expand(name: str) -> str:
    """Return a name with its codes expanded, each followed by the code in parentheses.

    >>> _expand("MODIS MOD09A1 V6.1"), _expand("UAS - DEM")
    ('MODIS/Terra Surface Reflectance (MOD09A1) Version 6.1', 'Uncrewed Aircraft Systems (UAS) - Digital Elevation \
Model (DEM)')
    >>> _expand("ECO2CLD"), _expand("XYZ 12")
    ('ECOSTRESS Level-2 Cloud Mask (ECO2CLD)', 'XYZ 12')
    """
    words: list[str] = []
    for word in name.replace("_", " ").split():
        code = word.strip("(),")
        meaning = _meaning(code)
        if _is_product(code) and words:
            # MODIS MOD09A1, GFSAD GFSAD30AFCE: the product's name begins with the word before it
            words = [] if all(not is_readable(earlier) or earlier.endswith(")") for earlier in words) else words
        if word == f"({code})" and (place := PLACES.get(code) or _PLACE_ACRONYMS.get(code)):
            words.append(f"({place})")
        elif meaning is None or word.startswith("(") or word.endswith(")"):
            words.append(word)
        else:
            words.append(word.replace(code, f"{meaning} ({code})" if _is_abbreviation(code) else meaning))
    return " ".join(words)


def _is_abbreviation(code: str) -> bool:
    """Whether people use a code, so that a title shows it beside its meaning: TM and NDVI, but not Sys, C2 or V6."""
    return code not in _COLLECTION_LEVEL and _versioned(code) is None and not code[1:].islower()


def _expand_alias(alias: str) -> str:
    """Return a readable form of an alias, which is in small letters.

    >>> _expand_alias("ecostress_eco2cld"), _expand_alias("calval_pis_libya_4")
    ('ECOSTRESS Level-2 Cloud Mask (ECO2CLD)', 'Calibration and Validation Pseudo-Invariant Site Libya 4')
    >>> _expand_alias("modis_mod09a1_v61"), _expand_alias("aerial_combin_index")
    ('MODIS/Terra Surface Reflectance (MOD09A1) Version 6.1', 'Aerial Combined Index')
    """
    words: list[str] = []
    parts = re.sub(r"_v(\d+)_(\d+)", r"_v\1.\2", alias).split("_")
    for part in parts:
        code = part.upper()
        if _is_product(code):
            words = []
            meaning: str | None = f"{_meaning(code)} ({code})"
        else:
            meaning = _versioned(part) or _meaning(code) or _numbered(part)
        if meaning:
            words.append(meaning)
        elif part in _SMALL_WORDS:
            words.append(part)
        else:
            words.append(part.upper() if any(char.isdigit() for char in part) or len(part) < 3 else part.capitalize())
    return " ".join(words).strip()


def _meaning(code: str) -> str | None:
    product = _product(code)
    return product or _versioned(code) or ACRONYMS.get(code.upper()) or _COLLECTION_LEVEL.get(code)


def _numbered(part: str) -> str | None:
    """What a code with a number after it stands for: gls2000 is Global Land Survey 2000."""
    match = _NUMBERED.fullmatch(part)
    meaning = ACRONYMS.get(match[1].upper()) if match and len(match[1]) > 2 else None
    return f"{meaning} {match[2]}" if match and meaning else None


def _is_product(code: str) -> bool:
    return _product(code) is not None


def _product(code: str) -> str | None:
    """What a product's code stands for, as far as its parts are known. The code is longer than the family's."""
    code = code.upper()
    family = max((prefix for prefix in PRODUCTS if code.startswith(prefix)), key=len, default=None)
    if family is None:
        return None
    name, products = PRODUCTS[family]
    rest = code.removeprefix(family)
    kind = max((part for part in products if rest.startswith(part)), key=len, default=None)
    if kind is not None:
        return f"{name} {products[kind]}"
    is_numbered = not products or (rest[:1].isdigit() and len(rest) > 1)
    return name.rstrip(",") if is_numbered else None


def _versioned(code: str) -> str | None:
    """The version in a code: V6 is 6, v61 is 6.1, V1.0 is 1.0."""
    match = _VERSION.fullmatch(code)
    if not match:
        return None
    major, minor = match.groups()
    if minor is None and len(major) == 2 and major[0] != "0":
        major, minor = major[0], major[1]
    return f"Version {int(major)}" + (f".{minor}" if minor is not None else "")


def _event_title(name: str) -> str:
    """Return the title of an event, with the names of places instead of their codes.

    >>> _event_title("201507_Volcano_KickEmJenny_GRD"), _event_title("202007_Flood_IND_764")
    ('Volcano Kick Em Jenny, Grenada, July 2015', 'Flood, India 764, July 2020')
    >>> _event_title("DR_1711_KS_FLOOD"), _event_title("201010_NRDA")
    ('Disaster Declaration 1711, Kansas Flood', 'Natural Resource Damage Assessment, October 2010')
    """
    title = str(CONVERTERS["event"](name)).replace("_", " ")
    what, comma, when = title.rpartition(",")
    words: list[str] = []
    for word in (what or when).split():
        place, meaning = PLACES.get(word), EVENT_WORDS.get(word) or ACRONYMS.get(word)
        if place and words and words[-1] not in _DIRECTIONS:
            words[-1] += ","
        # Words in capitals, such as FLOOD; shorter ones can be codes that are not known.
        plain = word.capitalize() if word.isupper() and len(word) > 3 and not comma else word
        words.append(place or meaning or plain)
    named = " ".join(words)
    return ("" if is_readable(named) else "Event ") + named + (f",{when}" if comma else "")
