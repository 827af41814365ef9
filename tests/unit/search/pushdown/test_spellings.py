"""Values as other services spell them are searched for as Items have them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from stac_bridge.catalog import Entry
from stac_bridge.mapping import load_mappings
from stac_bridge.search import Step, make_step, parse
from stac_bridge.search.plan import resolve_filter
from stac_bridge.search.pushdown.spellings import spelled
from tests.support import entry_of

LANDSAT = "landsat_ot_c2_l2"
MAPPINGS = load_mappings()


def step(entry: Entry, search: dict[str, Any]) -> Step:
    lang = {"filter-lang": "cql2-text"} if isinstance(search.get("filter"), str) else {}
    return make_step(resolve_filter(parse({"collections": [LANDSAT], **search, **lang}), [entry]), entry)


def equal(name: str, value: Any) -> dict[str, Any]:
    return {"filter": {"op": "=", "args": [{"property": name}, value]}}


SPELLINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *(
        (equal("platform", spelling), equal("platform", "landsat-8"))
        for spelling in ("LANDSAT_8", "landsat_8", "Landsat 8", "LANDSAT-8", "landsat8", "8")
    ),
    *(
        (equal("landsat:collection_category", spelling), equal("landsat:collection_category", "T1"))
        for spelling in ("Tier 1", "tier_1", "TIER1", "t1")
    ),
    ({"query": {"platform": {"eq": "LANDSAT_8"}}}, equal("platform", "landsat-8")),
    ({"query": {"platform": {"in": ["LANDSAT_8"]}}}, equal("platform", "landsat-8")),
    ({"query": {"platform": {"neq": "LANDSAT_8"}}}, equal("platform", "landsat-9")),
    ({"query": {"platform": {"startsWith": "LANDSAT_8"}}}, equal("platform", "landsat-8")),
    ({"query": {"instruments": {"contains": "OLI"}}}, {"query": {"instruments": {"contains": "oli"}}}),
    ({"query": {"instruments": {"eq": ["OLI", "TIRS"]}}}, {"query": {"instruments": {"eq": ["oli", "tirs"]}}}),
    ({"query": {"instruments": {"in": ["OLI_TIRS"]}}}, {"query": {"instruments": {"eq": ["oli", "tirs"]}}}),
    ({"query": {"instruments": {"contains": "OLI_TIRS"}}}, {"query": {"instruments": {"eq": ["oli", "tirs"]}}}),
    ({"filter": "platform <> 'LANDSAT_8'"}, equal("platform", "landsat-9")),
    ({"filter": "platform IN ('LANDSAT_8', 'LANDSAT_7')"}, equal("platform", "landsat-8")),
    ({"filter": "platform LIKE 'LANDSAT_8%'"}, equal("platform", "landsat-8")),
    ({"filter": "CASEI(platform) = CASEI('LANDSAT-8')"}, equal("platform", "landsat-8")),
    ({"filter": "CASEI(platform) = CASEI('LANDSAT_8')"}, equal("platform", "landsat-8")),
    ({"filter": "CASEI(platform) LIKE CASEI('%T-8')"}, equal("platform", "landsat-8")),
    ({"filter": "NOT CASEI(platform) = CASEI('LANDSAT-8')"}, equal("platform", "landsat-9")),
    ({"filter": "NOT platform = 'LANDSAT_8'"}, equal("platform", "landsat-9")),
    ({"filter": "\"landsat:collection_category\" LIKE 'Tier%'"}, {"filter": "\"landsat:collection_category\" <> 'RT'"}),
    ({"filter": "\"landsat:collection_category\" IN ('Real-Time')"}, equal("landsat:collection_category", "RT")),
]


ITEMS = [
    {
        "type": "Feature",
        "id": "a",
        "geometry": None,
        "properties": {"platform": platform, "instruments": instruments, "landsat:collection_category": category},
    }
    for platform in ("landsat-8", "landsat-9")
    for instruments in (["oli"], ["tirs"], ["oli", "tirs"])
    for category in ("T1", "T2", "RT")
]


def matches(step: Step) -> list[bool]:
    return [step.residual is None or step.residual.matches(item) for item in ITEMS]


@pytest.mark.parametrize(("theirs", "ours"), SPELLINGS)
def test_a_spelling_of_another_service_is_searched_for_as_our_own(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    entry = entry_of(LANDSAT)
    first, second = step(entry, theirs), step(entry, ours)
    assert matches(first) == matches(second)
    assert any(matches(first))
    assert not all(matches(first))
    assert not first.filter.is_empty


@pytest.mark.parametrize("name", ["platform", "instruments", "landsat:collection_category", "landsat:wrs_type"])
def test_a_value_that_items_have_stays_as_it_is(name: str) -> None:
    entry = entry_of(LANDSAT)
    queryable = entry.queryables[name]
    for value in queryable.values or entry.listed_values(queryable) or ():
        op, literal = ("a_equals", value) if isinstance(value, list) else ("=", value)
        condition = {"op": op, "args": [{"property": name}, literal]}
        assert spelled(condition, entry) == condition


@pytest.mark.parametrize("text", ["landsat", "", "-", "89", "T", "OLI TIRS ETM"])
def test_a_text_that_means_no_value_or_several_stays_as_it_is(text: str) -> None:
    entry = entry_of(LANDSAT)
    for name in ("platform", "landsat:collection_category", "title", "landsat:scene_id"):
        condition = {"op": "=", "args": [{"property": name}, text]}
        assert spelled(condition, entry) == condition


def test_codes_and_values_are_understood_before_the_filters_of_a_dataset_are_known() -> None:
    entry = replace(entry_of(LANDSAT), details=None)
    condition = {"op": "=", "args": [{"property": "platform"}, "LANDSAT_9"]}
    assert spelled(condition, entry) == {"op": "=", "args": [{"property": "platform"}, "landsat-9"]}


@pytest.mark.parametrize(
    ("text", "value"), [("SENTINEL-2A", "sentinel-2a"), ("Sentinel_2A", "sentinel-2a"), ("sentinel 2b", "sentinel-2b")]
)
def test_a_value_that_is_not_listed_is_converted_as_those_of_items_are(text: str, value: str) -> None:
    raw = entry_of(LANDSAT)
    entry = replace(raw, mapping=MAPPINGS.for_dataset("sentinel_2a"), details=None)
    condition = {"op": "=", "args": [{"property": "platform"}, text]}
    assert spelled(condition, entry) == {"op": "=", "args": [{"property": "platform"}, value]}


def test_a_thousand_patterns_are_spelled_within_a_second() -> None:
    patterns = [{"op": "like", "args": [{"property": "platform"}, f"x{number}%"]} for number in range(1000)]
    expression, entry = {"op": "or", "args": patterns}, entry_of(LANDSAT)
    started = time.thread_time()
    assert spelled(expression, entry) == expression
    assert time.thread_time() - started < 1  # it took several
