"""Which values a property can have: everything that its converter returns, and little else."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping import Mappings, Row, load_mappings
from stac_bridge.mapping.converters import CONVERTERS
from stac_bridge.mapping.queryables import EPSG_CODES, PATTERNS, RANGES, queryables_of
from stac_bridge.search.pushdown.domains import Domain, can_hold, may_match
from stac_bridge.translate.properties.grid import epsg_of
from tests.odd_values import NUMBERS, TEXTS

RAW = st.one_of(
    TEXTS,
    NUMBERS,
    st.integers(-400, 2000).map(str),
    st.floats(-500, 500).map(str),
    st.integers(0, 99999).map(lambda day: (date(1700, 1, 1) + timedelta(day)).isoformat() + " 00:00:00-05"),
    st.sampled_from(["T50QPL", "5QPL", "LE07_AK_006008_20090905_20210430_02", "2020:217:13:48:06.77", "0.5 METERS"]),
)


@given(RAW, st.sampled_from(sorted(CONVERTERS)))
@example("9999-12-31", "day-end")
@example("1850-01-01", "day")
@example("-180", "azimuth")
def test_a_converter_returns_only_values_of_its_domain(raw: Any, name: str) -> None:
    value = CONVERTERS[name](raw)
    if value is None:
        return
    low, high = RANGES.get(name, (None, None))
    domain = Domain(patterns=PATTERNS.get(name, ()), low=low, high=high, is_whole=name == "integer")
    literal = {"timestamp": value} if isinstance(value, str) and value.endswith("Z") else value
    assert domain.can_hold("=", literal), (name, value)
    assert domain.can_hold("<=", literal)
    assert domain.can_hold(">=", literal)
    if isinstance(value, str):
        assert domain.can_hold("like", re.sub(r"([%_\\])", r"\\\1", value))
        assert domain.can_hold("like", value[:1] + "%")


@given(st.text("ab1-%_\\", max_size=8), st.text("ab1-", max_size=6))
def test_a_pattern_may_match_a_text_if_and_only_if_it_does(like: str, text: str) -> None:
    parts = re.findall(r"\\.|.", like, re.DOTALL)
    pattern = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    assert may_match(like, text) == bool(re.fullmatch(pattern, text, re.DOTALL))


@given(st.text("ab1%_", max_size=6), st.text("ab1*?", max_size=6), st.text("ab1", max_size=6))
def test_a_text_that_matches_a_pattern_and_a_form_shows_that_both_may(like: str, form: str, text: str) -> None:
    pattern = like.replace("%", ".*").replace("_", ".")
    if re.fullmatch(pattern, text) and fnmatchcase(text, form):
        assert may_match(like, form)


def test_all_codes_of_grids_are_known() -> None:
    made = {
        epsg_of(projection, f"{zone}{letter}", datum)
        for projection in ("UTM", "PS")
        for zone in range(70)
        for letter in ("", "N", "S")
        for datum in ("", "WGS84", "NAD83", "NAD27")
    }
    assert made - {None} == set(EPSG_CODES)


MAPPINGS: Mappings = load_mappings()


@pytest.mark.parametrize("name", ["srtm_v3", "corona2", "naip", "sentinel_2a", "landsat_ot_c2_l1"])
def test_each_value_of_a_table_or_a_constant_can_be_had(name: str) -> None:
    entry = Entry(Dataset.model_validate({"datasetAlias": name, "datasetId": "1"}), MAPPINGS.for_dataset(name))
    for queryable in queryables_of(entry.mapping).values():
        for link in queryable.row.chain if queryable.row else ():
            for value in _listed(link):
                op, literal = ("a_equals", value) if isinstance(value, list | tuple) else ("=", value)
                assert can_hold(queryable, op, literal, entry), (queryable.name, value)


def _listed(link: Row) -> list[Any]:
    return [link.value] if link.is_constant and link.value is not None else list((link.values or {}).values())
