"""Random questions: CQL2 trees over what Landsat Items have, places, times, sorts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

Said = dict[str, Any]
Strategy = st.SearchStrategy[Any]

START, DAYS = datetime(2023, 7, 1, tzinfo=UTC), 4
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]
TEMPORAL = [
    "t_after t_before t_contains t_disjoint t_during t_equals t_finishedby t_finishes t_intersects t_meets t_metby",
    "t_overlappedby t_overlaps t_startedby t_starts",
]
SPATIAL = ["s_intersects", "s_disjoint", "s_within", "s_contains", "s_overlaps", "s_touches", "s_crosses", "s_equals"]

_PLATFORMS = ["landsat-8", "landsat-9", "landsat-5"]
_NUMBERS = ["eo:cloud_cover", "landsat:cloud_cover_land", "view:sun_elevation", "gsd", "m2m:month"]


def p(name: str) -> Said:
    return {"property": name}


def said(op: str, *args: Any) -> Said:
    return {"op": op, "args": list(args)}


instants = st.integers(-3600, DAYS * 86400 + 3600).map(lambda seconds: START + timedelta(seconds=seconds))
stamps = instants.map(lambda moment: {"timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}"})
dates = instants.map(lambda moment: {"date": f"{moment:%Y-%m-%d}"})
texts = instants.map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}")
intervals = st.tuples(texts, texts).map(sorted).map(lambda pair: {"interval": list(pair)}) | texts.map(
    lambda text: {"interval": [text, ".."]}
)
numbers = st.one_of(
    st.floats(0, 100).map(lambda one: round(one, 1)), st.sampled_from([0, 10, 30, 50, 99, 100, -1, 7, 6])
)
values = st.sampled_from([p(name) for name in _NUMBERS])
computed = st.builds(said, st.sampled_from(["+", "-", "*"]), values, numbers)
moments = st.sampled_from([p("datetime"), p("start_datetime"), p("end_datetime")])
spans = st.just({"interval": [p("start_datetime"), p("end_datetime")]})

boxes = st.tuples(st.floats(-180, 180), st.floats(-80, 75), st.floats(2, 60), st.floats(2, 40)).map(
    lambda one: _box(*(round(part, 2) for part in one))
)


def _box(west: float, south: float, width: float, height: float) -> list[float]:
    east = west + width
    return [west, south, round(east - 360 if east > 180 else east, 2), min(90.0, round(south + height, 2))]


triangles = st.tuples(st.floats(-170, 140), st.floats(-70, 60), st.floats(3, 30)).map(
    lambda one: {
        "type": "Polygon",
        "coordinates": [
            [
                [round(one[0], 2), round(one[1], 2)],
                [round(one[0] + one[2], 2), round(one[1], 2)],
                [round(one[0], 2), round(one[1] + one[2], 2)],
                [round(one[0], 2), round(one[1], 2)],
            ]
        ],
    }
)
places = boxes.map(lambda box: {"bbox": box}) | triangles

comparisons = st.one_of(
    st.builds(said, st.sampled_from(COMPARISONS), values | computed, numbers),
    st.builds(said, st.sampled_from(COMPARISONS), numbers, values),
    st.builds(said, st.sampled_from(COMPARISONS), values, values),
    st.builds(said, st.sampled_from(COMPARISONS), moments, stamps | dates),
    st.builds(said, st.sampled_from(COMPARISONS), moments, moments),
    st.builds(said, st.sampled_from(COMPARISONS), st.just(p("platform")), st.sampled_from(_PLATFORMS)),
    st.builds(
        said,
        st.sampled_from(COMPARISONS),
        st.sampled_from([p("landsat:wrs_path"), p("landsat:wrs_row")]),
        st.integers(1, 233).map(lambda one: f"{one:03}"),
    ),
    st.builds(
        said,
        st.sampled_from(["=", "<>"]),
        st.just(p("landsat:collection_category")),
        st.sampled_from(["T1", "T2", "RT"]),
    ),
    st.builds(said, st.just("="), st.just(p("collection")), st.sampled_from(["landsat_ot_c2_l2", "naip"])),
)
others = st.one_of(
    st.builds(said, st.just("between"), values, numbers, numbers),
    st.builds(said, st.just("between"), moments, stamps | dates, stamps | dates),
    st.builds(said, st.just("in"), st.just(p("m2m:month")), st.lists(st.integers(1, 12), min_size=1, max_size=4)),
    st.builds(
        said, st.just("in"), st.just(p("platform")), st.lists(st.sampled_from(_PLATFORMS), min_size=1, max_size=2)
    ),
    st.builds(said, st.just("isNull"), st.sampled_from([p(name) for name in (*_NUMBERS, "datetime", "platform")])),
    st.builds(
        said,
        st.just("like"),
        st.sampled_from([p("id"), p("platform"), p("landsat:scene_id")]),
        st.sampled_from(["LC08%", "LC0_\\_L2S_%", "%T2", "landsat-_", "lc08%", "LC9%", "%0230701%"]),
    ),
    st.builds(
        said,
        st.sampled_from(["=", "<>"]),
        st.just(said("casei", p("platform"))),
        st.just(said("casei", "LANDSAT-8")),
    ),
    st.builds(
        said,
        st.sampled_from(["a_contains", "a_equals", "a_containedby", "a_overlaps"]),
        st.just(p("instruments")),
        st.lists(st.sampled_from(["oli", "tirs", "etm"]), min_size=1, max_size=2, unique=True),
    ),
    st.builds(said, st.sampled_from(" ".join(TEMPORAL).split()), moments | spans, stamps | dates | intervals),
    st.builds(said, st.sampled_from(" ".join(TEMPORAL).split()), stamps | intervals, moments),
    st.builds(said, st.sampled_from(SPATIAL), st.just(p("geometry")), places),
)
leaves = comparisons | others

filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: said("and", *parts), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: said("or", *parts), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda part: said("not", part), inner),
    ),
    max_leaves=5,
)

times = st.tuples(texts, texts).map(sorted).map(lambda pair: f"{pair[0]}/{pair[1]}")
sorts = st.lists(
    st.tuples(
        st.sampled_from(
            ["datetime", "start_datetime", "eo:cloud_cover", "id", "landsat:wrs_path", "view:sun_elevation"]
        ),
        st.booleans(),
    ),
    max_size=2,
    unique_by=lambda one: one[0],
)
