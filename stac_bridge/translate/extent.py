"""Where and when a dataset's scenes are, for its Collection.

M2M records two spans of time. Either can be missing, wrong, or behind: an end that is only the day of the newest scene
is no end. An extent may be too large, but never too small, because clients leave out what lies outside of it.
"""

from __future__ import annotations

import re

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping.converters import MIN_YEAR, day_end, day_start
from stac_bridge.translate.properties.geometry import WORLD, dataset_bbox

Interval = tuple[str | None, str | None]
"""The first and last second (RFC 3339); None: open."""

_MAX_YEARS_BEFORE_EVENT = 30
"""Years by which the scenes of an event can be older than it. Most events are recorded with the span of the whole
archive, which starts in 1897 [REFERENCE §15]."""

_MAX_YEARS_AFTER_NAME = 2
"""Years by which the scenes of a closed dataset exceed the years in its name, which are rounded."""

_UNKNOWN_START = "1900-01-01T00:00:00Z"
"""A start that M2M records if it knows none: no airplane had a camera on this day."""

_YEARS = re.compile(r"\b(1[89]\d\d|20\d\d) ?(?:-|\u2013|to|thru|through) ?(1[89]\d\d|20\d\d)\b")
_PUBLISHED = re.compile(r"\b(?:Published|Released) (1[89]\d\d|20\d\d)\b", re.IGNORECASE)
_EVENT_DAY = re.compile(r"(\d{4})(0[1-9]|1[0-2])?_")
_EVENT_YEAR = re.compile(r"(\d{4}) Events")


def spatial_extent(dataset: Dataset) -> list[float]:
    """Return a dataset's bbox; the whole world if M2M has no bounds."""
    bounds = dataset.spatial_bounds
    return dataset_bbox(bounds.west, bounds.south, bounds.east, bounds.north) if bounds else WORLD


def temporal_extent(entry: Entry) -> Interval:
    """Return the span of a dataset's scenes: open at the end unless it is known that no scene will be added."""
    text = entry.mapping.collection
    if entry.mapping.item.constant_span:
        return entry.mapping.item.constant_span
    if text.name_as == "event":
        return _event_extent(entry.dataset)
    start, end = _recorded_extent(entry.dataset)
    if text.span:
        starts = [day for day in (start, day_start(text.span.start)) if day]
        ends = [day for day in (end, _covered(entry.dataset)[1], day_end(text.span.end)) if day]
        start, end = min(starts, default=None), max(ends, default=None) if text.span.end else end
    return start, end if end and (start is None or end >= start) else None


def _covered(dataset: Dataset) -> Interval:
    """The days of the first and the newest scene."""
    first, newest = dataset.temporal_coverage or (None, None)
    return day_start(first), day_end(newest)


def _recorded_extent(dataset: Dataset) -> Interval:
    """The wider one of M2M's two spans. It has an end if M2M records one, or if the dataset's name has one."""
    first, newest = _covered(dataset)
    starts = [start for start in (day_start(dataset.acquisition_start), first) if start]
    known_starts = [start for start in starts if start != _UNKNOWN_START]
    start = min(known_starts or starts, default=None)
    acquisition_end, last_year = day_end(dataset.acquisition_end), _last_year(dataset)
    if last_year and newest and int(newest[:4]) > int(last_year) + _MAX_YEARS_AFTER_NAME:
        last_year = None  # the name is older than the newest scenes
    if acquisition_end and newest is None and not last_year and acquisition_end[:10] == (start or "")[:10]:
        # The day of the record, or of one release: a series of such releases has further days.
        acquisition_end = None
    # All scenes have one day only if they are parts of one product.
    is_single_day = first is not None and newest is not None and first[:10] == newest[:10]
    if not (acquisition_end or last_year or is_single_day):
        return start, None
    ends = [end for end in (acquisition_end, newest) if end]
    if last_year and max(ends, default="")[:4] < last_year:
        ends.append(f"{last_year}-12-31T23:59:59Z")
    return start, max(ends)


def _last_year(dataset: Dataset) -> str | None:
    """The last year in a dataset's name, such as "Landsat 4-5 Thematic Mapper Film Only: 1982-1988"."""
    for name in (dataset.long_name, dataset.name):
        text = " ".join((name or "").split())
        years = [match[2] for match in _YEARS.finditer(text)] + [match[1] for match in _PUBLISHED.finditer(text)]
        if years:
            return max(years)
    return None


def _event_extent(dataset: Dataset) -> Interval:
    """From the start of an event, or of older imagery of the place that M2M records for this event alone."""
    day = _event_day(dataset) or day_start(dataset.acquisition_start)
    first, newest = _covered(dataset)
    if day and first and newest and int(first[:4]) >= int(day[:4]) - _MAX_YEARS_BEFORE_EVENT and newest >= day:
        return min(day, first), None
    return day, None


def _event_day(dataset: Dataset) -> str | None:
    """The first day of the month or year in an event's name, else of the year in its category."""
    match = _EVENT_DAY.match(dataset.name or "") or _EVENT_YEAR.match(dataset.category or "")
    if not match or int(match[1]) < MIN_YEAR:
        return None
    month = match[2] if match.re is _EVENT_DAY and match[2] else "01"
    return f"{match[1]}-{month}-01T00:00:00Z"
