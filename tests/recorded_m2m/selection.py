"""Which recorded scenes and datasets a request selects, by the rules of M2M [REFERENCE §2].

Days, months, places, cloud cover and trees of metadata filters are compared as the sandbox compares them. A field
that a scene was recorded without is null, so that no metadata filter on it matches.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from m2m_sandbox.api.scene_filter import Mask, cloud_mask, date_range, metadata_mask, spatial_mask

__all__ = ["select_datasets", "select_scenes"]

Json = dict[str, Any]

_KEYS_OF_FIELDS = {
    "5e839ff8cfa94807": {"KH-7 High Resolution Surveillance": "H", "KH-9 Lower Resolution Mapping": "L"},
    "5e839ff8ba6eead0": {"1": "Y"},
}
"""By filter: the keys of texts of fields that differ from the filter's own texts [REFERENCE §15]."""

_FIELDS_OF_FILTERS = {"5e839ff8ba6eead0": "Down Load Available"}
"""By filter: the label of the field that it compares, if it is another one."""

_UNKNOWN_CLOUD = np.iinfo(np.uint16).max
_FAR_DAYS = (-(10**6), 10**6)
_NOWHERE = shapely.Polygon()


def select_scenes(scenes: Sequence[Json], filters: Sequence[Json], scene_filter: Json) -> list[Json]:
    """The scenes that a sceneFilter selects; ``filters`` are the dataset's, as dataset-filters lists them."""
    selected = np.ones(len(scenes), bool)
    if (days := scene_filter.get("acquisitionFilter")) is not None:
        selected &= _on_days([_days(one["temporalCoverage"].values()) for one in scenes], days)
    if (days := scene_filter.get("ingestFilter")) is not None:
        selected &= _on_days([_days([one["publishDate"]]) for one in scenes], days)
    if months := scene_filter.get("seasonalFilter"):
        selected &= np.array([int(one["temporalCoverage"]["startDate"][5:7]) in months for one in scenes], bool)
    if (cloud := scene_filter.get("cloudCoverFilter")) is not None:
        known = np.array([_hundredths(one["cloudCover"]) for one in scenes], np.uint16)
        selected &= cloud_mask(known, cloud, int(_UNKNOWN_CLOUD))
    if (place := scene_filter.get("spatialFilter")) is not None:
        selected &= spatial_mask(shapely.STRtree([_footprint(one) for one in scenes]), place)
    if (tree := scene_filter.get("metadataFilter")) is not None:
        by_id = {one["id"]: one for one in filters}
        selected &= metadata_mask(_as_ranges(tree, by_id), _columns(scenes, by_id), len(scenes))
    return [one for one, is_selected in zip(scenes, selected, strict=True) if is_selected]


def select_datasets(datasets: Sequence[Json], place: Json | None, days: Json | None) -> list[Json]:
    """The datasets that may have scenes at a place and on some days, by their bounds and dates.

    How M2M decides is not known. Here an unknown bound or date excludes nothing.
    """
    selected = np.ones(len(datasets), bool)
    if place is not None:
        boxes = [_box(one["spatialBounds"]) for one in datasets]
        selected &= spatial_mask(shapely.STRtree(boxes), place) | shapely.is_empty(boxes)
    if days is not None:
        selected &= _on_days([_days(_dates_of(one)) for one in datasets], days)
    return [one for one, is_selected in zip(datasets, selected, strict=True) if is_selected]


def _on_days(spans: Sequence[tuple[int | None, int | None]], asked: Json) -> Mask:
    """Which spans of days overlap the days of a filter; an open end has no limit."""
    first, last = (far if day is None else day for day, far in zip(date_range(asked), _FAR_DAYS, strict=True))
    return np.array(
        [
            (_FAR_DAYS[0] if start is None else start) <= last and first <= (_FAR_DAYS[1] if end is None else end)
            for start, end in spans
        ],
        bool,
    )


def _days(dates: Any) -> tuple[int | None, int | None]:
    """First and last day of these dates; an unknown one leaves the end open."""
    days = [date_range({"start": one})[0] for one in dates]
    known = [day for day in days if day is not None]
    return min(known, default=None), max(known, default=None) if len(known) == len(days) else None


def _dates_of(dataset: Json) -> list[str | None]:
    """The dates of a dataset, the last one unknown while it grows; the wider of two spans is right [REFERENCE §4]."""
    return [dataset["acquisitionStart"], dataset["acquisitionEnd"], *json.loads(dataset["temporalCoverage"] or "[]")]


def _box(bounds: Json | None) -> shapely.Geometry:
    if bounds is None:
        return _NOWHERE
    return shapely.box(bounds["west"], bounds["south"], bounds["east"], bounds["north"])


def _footprint(scene: Json) -> shapely.Geometry:
    coverage = scene["spatialCoverage"]
    return shapely.from_geojson(json.dumps(coverage)) if coverage else _NOWHERE


def _hundredths(cloud: Any) -> int:
    """Cloud cover, which comes as text or number, in hundredths of a percent; below zero it is unknown."""
    percent = -1.0 if cloud is None else float(cloud)
    return round(100 * percent) if percent >= 0 else int(_UNKNOWN_CLOUD)


def _as_ranges(tree: Json, filters: dict[str, Json]) -> Json:
    """The same tree, with each value of a ``<= ?`` filter as the range up to it."""
    if tree["filterType"] in ("and", "or"):
        return {**tree, "childFilters": [_as_ranges(child, filters) for child in tree["childFilters"]]}
    if tree["filterType"] == "value" and "<=" in _sql(filters, tree):
        bounds = {"firstValue": "-inf", "secondValue": tree["value"]}
        return {"filterType": "between", "filterId": tree["filterId"], **bounds}
    return tree


def _sql(filters: dict[str, Json], leaf: Json) -> str:
    known = filters.get(leaf["filterId"])
    return str(known["searchSql"]) if known else ""


def _columns(scenes: Sequence[Json], filters: dict[str, Json]) -> Callable[[str], NDArray[Any] | None]:
    """The column that a filter compares with: dates, numbers, or text in upper case."""

    def column(filter_id: str) -> NDArray[Any] | None:
        known = filters.get(filter_id)
        if known is None:
            return None
        values = [_value(scene, known) for scene in scenes]
        if right := re.match(r"RIGHT\(\w+, (\d+)\)", known["searchSql"]):
            values = [value and value[-int(right[1]) :] for value in values]
        if "YYYY" in known["fieldLabel"]:
            return np.array([(value or "NaT")[:10].replace("/", "-") for value in values], "datetime64[D]")
        if known["fieldConfig"]["type"] == "Range" or "<=" in known["searchSql"]:
            return np.array([float(value or "nan") for value in values])
        keys = {str(label).upper(): key for key, label in (known.get("valueList") or {}).items()}
        keys |= {text.upper(): key for text, key in _KEYS_OF_FIELDS.get(known["id"], {}).items()}
        return np.array([keys.get((value or "").upper(), value or "").upper() for value in values], object)

    return column


def _value(scene: Json, known: Json) -> str | None:
    """What a scene has in the column of a filter, which its metadata names with the filter's label."""
    if "DISPLAY_ID" in known["searchSql"]:
        return str(scene["displayId"])
    if known["searchSql"].startswith("ENTITY_ID"):
        return str(scene["entityId"])
    label = _folded(re.sub(r"\(.*\)", "", known["fieldLabel"]))
    labels = {label, _folded(_FIELDS_OF_FILTERS.get(known["id"], label))}
    found = next((one["value"] for one in scene["metadata"] if _folded(one["fieldName"]) in labels), None)
    return None if found is None else str(found).strip()


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()
