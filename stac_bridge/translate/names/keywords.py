"""Keywords of a dataset: curated ones or M2M's, and the words that people use for what the dataset holds."""

from __future__ import annotations

import re
from functools import lru_cache

from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping.model import CollectionText
from stac_bridge.translate.text import split_keywords

_NO_KEYWORDS = re.compile(
    r"gcmd .*keywords|iso 19115.*|imagerybasemaps?earthcover|geoscientificinformation", re.IGNORECASE
)
"""Names of the lists that keywords were taken from, and of topics that all datasets share."""

_SUBJECTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"elevation|topograph\w*|terrain|dems?|srtm\w*|gtopo30|gmted\w*|nasadem|ifsar|bathymetr\w*|topobathy\w*|height",
        ("elevation", "height", "topography", "terrain", "DEM", "altitude", "relief"),
    ),
    (
        r"declass\w*|corona2?|kh-?\d\w*|reconnaissance",
        ("spy satellite", "spy satellites", "reconnaissance", "historical imagery", "Cold War", "film"),
    ),
    (
        r"aerial|airborne|naip|napp|nhap|doq\w*|ortho(?:photo|imagery)\w*|uas|unmanned aircraft|drone",
        ("aerial photograph", "aerial imagery", "air photo", "aircraft"),
    ),
    (r"uas|unmanned|uncrewed|drone", ("drone", "UAV")),
    (r"orthophoto\w*|orthoimagery|doq\w*|naip", ("orthophoto", "orthoimagery")),
    (r"film|photograph\w*", ("photograph", "historical imagery")),
    (r"landsat|thematic mapper|etm\+?|mss|esat\w*", ("Landsat", "satellite imagery")),
    (r"modis", ("MODIS", "Terra", "Aqua", "satellite imagery")),
    (r"viirs", ("VIIRS", "satellite imagery")),
    (r"sentinel\w*", ("Sentinel-2", "Copernicus", "satellite imagery")),
    (r"radar|sar|slar|sir-?c", ("radar", "SAR")),
    (r"hyperspectral|hyperion|spectroradiometer", ("hyperspectral", "imaging spectroscopy")),
    (r"vegetation|ndvi|phenology|evi", ("vegetation", "NDVI", "greenness")),
    (r"drought\w*|vegdri|quickdri", ("drought",)),
    (r"land cover|glcc|cropland|forest|nlcd", ("land cover", "land use")),
    (r"cropland|crops?|agriculture|food security", ("cropland", "agriculture")),
    (r"forest|tree cover", ("forest",)),
    (r"fires?|wildfires?|burned|thermal anomalies", ("fire", "wildfire", "burned area")),
    (r"snow", ("snow", "ice")),
    (r"surface temperature|lst|thermal", ("temperature", "thermal infrared")),
    (r"water bod\w*|surface water|water mask|dswe", ("water", "lakes")),
    (r"antarctic\w*", ("Antarctica",)),
    (r"floods?|flooding", ("flood", "disaster")),
    (r"hurricanes?|typhoons?|cyclones?|tropical storm|storms?", ("storm", "hurricane", "disaster")),
    (r"earthquakes?", ("earthquake", "disaster")),
    (r"tornado(?:es)?", ("tornado", "disaster")),
    (r"volcano(?:es)?", ("volcano", "eruption", "disaster")),
    (r"landslides?", ("landslide", "disaster")),
    (r"tsunamis?", ("tsunami", "disaster")),
    (r"oil ?spills?", ("oil spill", "disaster")),
)
"""Words in the names of a dataset, and the keywords that they imply."""

_PATTERNS = tuple(
    (re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE), keywords) for words, keywords in _SUBJECTS
)


def dataset_keywords(dataset: Dataset, text: CollectionText, title: str) -> list[str]:
    """Return the distinct keywords of a dataset, at least one; case does not make a difference."""
    own = list(text.keywords) or _recorded(dataset)
    category = dataset.category
    names = " \n".join(filter(None, (title, dataset.name, dataset.long_name, category, *text.keywords)))
    names = f"{names} \n{dataset.alias.replace('_', ' ')}"
    implied = _implied_keywords(names)
    distinct: dict[str, str] = {}
    for keyword in (*own, *implied, *([category] if category else []), "USGS"):
        distinct.setdefault(keyword.casefold(), keyword)
    return list(distinct.values())


@lru_cache(maxsize=4096)
def _implied_keywords(names: str) -> tuple[str, ...]:
    """Cached, because a list of Collections would otherwise take twice as long."""
    return tuple(keyword for pattern, keywords in _PATTERNS if pattern.search(names) for keyword in keywords)


def _recorded(dataset: Dataset) -> list[str]:
    return [keyword for keyword in split_keywords(dataset.keywords) if not _NO_KEYWORDS.fullmatch(keyword)]
