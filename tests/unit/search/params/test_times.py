"""Times as clients write them: what is read, and the form that a refusal proposes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pystac_client import ItemSearch

from stac_bridge.errors import BadRequest
from stac_bridge.search import parse
from stac_bridge.search.collections import read_collection_search
from stac_bridge.search.params.times import Interval, read_datetime, read_datetimes, read_instant

GDAL = "datetime >= '2024-07-28T00:00:00Z'"


def proposal(text: str) -> str | None:
    """The form that the refusal of a datetime proposes."""
    with pytest.raises(BadRequest, match="RFC 3339") as caught:
        read_datetime(text)
    form = re.search(r"Write (\S+) instead", str(caught.value))
    return form and form[1]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2023-07-01", "2023-07-01T00:00:00Z/2023-07-01T23:59:59Z"),
        ("2023-07", "2023-07-01T00:00:00Z/2023-07-31T23:59:59Z"),
        ("2024-02", "2024-02-01T00:00:00Z/2024-02-29T23:59:59Z"),
        ("2023", "2023-01-01T00:00:00Z/2023-12-31T23:59:59Z"),
        ("2023-06/2023-08", "2023-06-01T00:00:00Z/2023-08-31T23:59:59Z"),
        ("2023-06-15/2024", "2023-06-15T00:00:00Z/2024-12-31T23:59:59Z"),
        ("2023-07-01/..", "2023-07-01T00:00:00Z/.."),
        ("../2023", "../2023-12-31T23:59:59Z"),
        ("/2023-02", "../2023-02-28T23:59:59Z"),
        ("2023-07-01/", "2023-07-01T00:00:00Z/.."),
        ("2023-07-01/2023-07-02T10:11:12.5Z", "2023-07-01T00:00:00Z/2023-07-02T10:11:12.5Z"),
        ("20230701", "2023-07-01T00:00:00Z/2023-07-01T23:59:59Z"),
        ("20230701T101112Z", "2023-07-01T10:11:12Z"),
        ("2023-07-01T10:11:12", "2023-07-01T10:11:12Z"),
        ("2023-07-01 10:11:12Z", "2023-07-01T10:11:12Z"),
        ("2023-07-01T10:11Z", "2023-07-01T10:11:00Z/2023-07-01T10:11:59Z"),
        ("2023-07-01T10:11:12+0100", "2023-07-01T10:11:12+01:00"),
        ("2023-07-01T10:11:12 01:00", "2023-07-01T10:11:12+01:00"),
        ("1985-04-12T23:20:50,52Z", "1985-04-12T23:20:50.52Z"),
        ("2023-02-30", None),
        ("2023-13", None),
        ("2023-00", None),
        ("yesterday", None),
        ("2023-07-01/yesterday", None),
        ("..", None),
    ],
)
def test_a_time_in_another_form_is_refused_with_the_form_to_use(text: str, form: str | None) -> None:
    assert proposal(text) == form


days = st.dates().map(str)
texts = days | days.map(lambda day: day[:7]) | days.map(lambda day: day[:4]) | days.map(lambda day: f"{day}T")


@given(texts, texts, st.sampled_from(["{}", "{}/..", "../{}", "{}/{}"]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_form_that_is_proposed_is_accepted(first: str, second: str, form: str) -> None:
    proposed = proposal(form.format(*sorted((first, second))))
    assert proposed is not None
    try:
        read_datetime(proposed)
    except BadRequest as error:
        assert "ends before it starts" in str(error)


@pytest.mark.parametrize(
    "text", ["2023", "2024-02", "2023-07-01", "2023/2024", "2023-06/2023-08", "2023-07-01/..", "../2023"]
)
def test_the_form_that_is_proposed_is_what_the_command_line_sends(text: str) -> None:
    sent = ItemSearch("http://api.test/search", method="GET", datetime=text).get_parameters()["datetime"]
    assert proposal(text) == sent


@pytest.mark.parametrize("text", ["2024-07-28T/..", "../2024-07-28T", "2024-07-28T", "2024-07-28T10:30Z/.."])
def test_a_time_that_gdal_cuts_short_is_refused_with_what_to_write_in_gdal(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_datetime(text)
    assert GDAL in str(caught.value)
    assert "DATETIME" in str(caught.value)


def test_other_times_do_not_mention_gdal() -> None:
    with pytest.raises(BadRequest) as caught:
        read_datetime("2024-07-28/..")
    assert "GDAL" not in str(caught.value)


def test_a_plus_that_a_url_did_not_escape_is_explained() -> None:
    with pytest.raises(BadRequest, match="%2B"):
        read_datetime("2023-07-01T10:11:12 01:00")


def test_an_unreadable_time_is_shown_in_part_only() -> None:
    with pytest.raises(BadRequest) as caught:
        read_datetime("x" * 100_000)
    assert len(str(caught.value)) < 400


def test_one_instant_is_refused_without_proposing_an_interval() -> None:
    with pytest.raises(BadRequest) as caught:
        read_instant("2023-07", "a time in filter")
    assert "2023-07 is from 2023-07-01T00:00:00Z to 2023-07-31T23:59:59Z" in str(caught.value)
    assert "two of them" not in str(caught.value)
    with pytest.raises(BadRequest, match="T_INTERSECTS"):
        read_instant("2023-07-01T00:00:00Z/..", "a time in filter")


def test_intervals_of_a_repeated_parameter_all_have_to_intersect() -> None:
    start, end = "2023-07-01T00:00:00Z/..", "../2023-07-31T23:59:59Z"
    assert read_datetimes(f"{start},{end}") == (read_datetime(start), read_datetime(end))
    assert read_datetimes(f"{start},,{start}") == (read_datetime(start),)
    assert read_datetimes(start) == (read_datetime(start),)
    search = parse({"datetime": f"{start},{end}"})
    assert search.filter == {
        "op": "and",
        "args": [parse({"datetime": start}).filter, parse({"datetime": end}).filter],
    }
    times = read_collection_search({"datetime": f"{start},{end}"}).times
    assert [isinstance(time, Interval) for time in times] == [True, True]
