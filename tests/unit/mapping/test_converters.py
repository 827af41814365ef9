"""Converters keep every value that M2M can mean, bring it into STAC's range, and reject the rest."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.mapping.converters import CONVERTERS, MAX_INTEGER
from stac_bridge.mapping.queryables import _RANGES as RANGES
from tests.recorded_m2m import recordings

azimuth, off_nadir, elevation = (CONVERTERS[name] for name in ("azimuth", "off-nadir", "elevation"))
RAW_VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.floats().map(str) | st.integers().map(str)
)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("azimuth", "-48.446", 311.554),
        ("azimuth", "-180", 180.0),
        ("azimuth", "-0.0", 0.0),
        ("azimuth", "360", 0.0),
        ("azimuth", "359.99999999", 359.99999999),
        ("azimuth", "-1e-12", 0.0),
        ("azimuth", "-180.5", None),
        ("azimuth", "-999", None),
        ("azimuth", "360.5", None),
        ("elevation", "-7.21", -7.21),
        ("elevation", "-999", None),
        ("off-nadir", "-12.3", 12.3),
        ("off-nadir", "-999", None),
        ("percent", "-1", None),
        ("percent", "100", 100.0),
        ("percent", "101", None),
        ("digits-3", "999", "999"),
        ("digits-3", "1000", None),
        ("number", 10**400, None),
        ("integer", "-078", -78),
        ("integer", MAX_INTEGER, 2**53 - 1),
        ("integer", -MAX_INTEGER, 1 - 2**53),
        ("integer", 2**53, None),
        ("integer", -(2**53), None),
        ("integer", "1e300", None),
        ("instant", "2016:366:23:59:60.25", "2016-12-31T23:59:59.999999Z"),
        ("instant", "2016-12-31 23:59:60", "2016-12-31T23:59:59.999999Z"),
        ("instant", "2021:366:12:00:00", None),
        ("instant", "2021:000:12:00:00", None),
    ],
)
def test_a_value_that_m2m_can_mean_is_kept_and_any_other_is_absent(name: str, raw: Any, value: Any) -> None:
    assert CONVERTERS[name](raw) == value


@given(st.floats(-180, 360))
def test_an_azimuth_keeps_its_direction_and_lies_from_0_to_below_360(raw: float) -> None:
    value = azimuth(raw)
    assert 0 <= value < 360
    assert math.isclose(math.cos(math.radians(value - raw)), 1)
    assert azimuth(value) == value
    assert 0 <= raw < 360 or math.copysign(1, value) == 1


@given(st.floats(-90, 90))
def test_every_possible_angle_of_a_sensor_or_the_sun_is_kept(raw: float) -> None:
    assert off_nadir(raw) == abs(raw)
    assert elevation(raw) == raw


@pytest.mark.parametrize("name", CONVERTERS)
def test_a_converter_never_raises_and_returns_json_within_the_range_of_its_queryable(name: str) -> None:
    low, high = RANGES.get(name, (-math.inf, None))

    @given(RAW_VALUES)
    def check(raw: Any) -> None:
        value = CONVERTERS[name](raw)
        if value is not None and name in RANGES:
            assert low <= value <= (math.inf if high is None else high)
        if not isinstance(value, str):  # text can hold surrogates, which M2M's UTF-8 cannot
            assert orjson.loads(orjson.dumps(value)) == value

    check()


def test_every_recorded_angle_of_landsats_metadata_is_read() -> None:
    readers = {"Sun Azimuth L1": azimuth, "Sun Elevation L1": elevation, "Roll Angle": off_nadir}
    angles = [
        (one["fieldName"], one["value"])
        for scene in recordings().scenes["landsat_8_c1"]
        for one in scene["metadata"]
        if one["fieldName"] in readers
    ]
    assert {name for name, _raw in angles} == readers.keys()
    assert [(name, raw) for name, raw in angles if readers[name](raw) is None] == []
