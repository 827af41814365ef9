"""Which Collections match a collection search, and in which order."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.errors import BadRequest
from stac_bridge.search.collections import MAX_COLLECTIONS, SORTABLE, read_collection_search
from tests.support import LONG


def collection(name: str, bbox: list[float], start: str | None, end: str | None, **more: Any) -> dict[str, Any]:
    extent = {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [[start, end]]}}
    members = {"type": "Collection", "stac_version": "1.1.0", "id": name, "description": "Nothing", "license": "other"}
    return {**members, "extent": extent, "links": [], **more}


ALL = [
    collection(
        "fiji",
        [170, -20, -170, -10],
        "1980-01-01T00:00:00Z",
        None,
        title="Photographs of the Pacific",
        keywords=["Air", "sea ice"],
    ),
    collection(
        "alps", [5, 44, 16, 48], "2000-01-01T00:00:00Z", "2009-12-31T23:59:59Z", description="Glaciers, (retreating)"
    ),
    collection("world", [-180, -90, 180, 90], None, "1999-12-31T23:59:59Z", title="Photograph"),
]


def search(**params: str) -> list[str]:
    return [one["id"] for one in read_collection_search(params).page(ALL).collections]


@pytest.mark.parametrize(
    ("bbox", "ids"),
    [
        ("6,45,7,46", ["alps", "world"]),
        ("-179,-15,-178,-14", ["fiji", "world"]),
        ("175,-50,-175,50", ["fiji", "world"]),
        ("16,44,17,45", ["alps", "world"]),
        ("16,-90,0,17,90,1", ["alps", "world"]),
    ],
)
def test_a_bbox_matches_the_extents_that_it_touches(bbox: str, ids: list[str]) -> None:
    assert search(bbox=bbox) == ids


@pytest.mark.parametrize(
    ("time", "ids"),
    [
        ("2005-01-01T00:00:00Z", ["fiji", "alps"]),
        ("../1979-12-31T00:00:00Z", ["world"]),
        ("2030-01-01T00:00:00Z/..", ["fiji"]),
        ("1999-12-31T23:59:59Z", ["fiji", "world"]),
        ("1999-12-31T23:59:59Z/2000-01-01T00:00:00Z", ["fiji", "alps", "world"]),
    ],
)
def test_a_time_matches_the_extents_that_it_touches(time: str, ids: list[str]) -> None:
    assert search(datetime=time) == ids


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ("photograph", ["world"]),
        ("PHOTOGRAPHS", ["fiji"]),
        ("ice", ["fiji"]),
        ("sea  ice", ["fiji"]),
        ("ice sea", []),
        ("air sea", []),
        ("glaciers,photograph", ["alps", "world"]),
        ("(retreating)", ["alps"]),
        (".*", []),
        (",", ["fiji", "alps", "world"]),
    ],
)
def test_a_term_matches_whole_words_of_title_description_or_keywords(q: str, ids: list[str]) -> None:
    assert search(q=q) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("title LIKE 'Photo%'", ["fiji", "world"]),
        ("title IS NULL", ["alps"]),
        ("a_contains(keywords, ('Air'))", ["fiji"]),
        ("end_datetime IS NULL OR id = 'alps'", ["fiji", "alps"]),
        ("start_datetime > TIMESTAMP('1990-01-01T00:00:00Z')", ["alps"]),
        ("s_intersects(geometry, POINT(-175 -15))", ["fiji", "world"]),
        ('{"op": "=", "args": [{"property": "license"}, "other"]}', ["fiji", "alps", "world"]),
    ],
)
def test_a_filter_is_tested_on_the_members_of_a_collection(text: str, ids: list[str]) -> None:
    assert search(filter=text) == ids


@pytest.mark.parametrize(
    ("sortby", "ids"),
    [
        ("id", ["alps", "fiji", "world"]),
        ("-id", ["world", "fiji", "alps"]),
        ("title", ["world", "fiji", "alps"]),
        ("-title", ["fiji", "world", "alps"]),
        (" start_datetime", ["fiji", "alps", "world"]),
        ("-start_datetime", ["alps", "fiji", "world"]),
        ("license,-end_datetime", ["alps", "world", "fiji"]),
        ("license", ["alps", "fiji", "world"]),
    ],
)
def test_an_order_puts_the_unknown_last_and_ties_by_id(sortby: str, ids: list[str]) -> None:
    assert search(sortby=sortby) == ids


def test_pages_follow_the_order_to_the_end() -> None:
    ids, token = [], ""
    while True:
        page = read_collection_search({"sortby": "-id", "limit": "1", "token": token}).page(ALL)
        ids += [one["id"] for one in page.collections]
        assert page.matched == len(ALL)
        if not page.token:
            break
        token = page.token
    assert ids == ["world", "fiji", "alps"]


def test_all_parameters_must_match() -> None:
    assert search(q="photograph,photographs", bbox="-179,-15,-178,-14", datetime="1990-01-01T00:00:00Z/..") == [
        "fiji",
        "world",
    ]
    assert search(q="photograph", datetime="2005-01-01T00:00:00Z") == []


def test_a_larger_limit_is_served_as_the_maximum() -> None:
    for limit in ("100000", "9" * 30):
        assert read_collection_search({"limit": limit}).limit == MAX_COLLECTIONS


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"boxx": "1"}, "did you mean 'bbox'?"),
        ({"limit": "0"}, "from 1 to 500"),
        ({"limit": "x"}, "from 1 to 500"),
        ({"limit": "1_0"}, "from 1 to 500"),
        ({"bbox": "1,2"}, "west,south,east,north"),
        ({"datetime": "1990"}, "RFC 3339"),
        ({"filter": "titel = 'x'"}, "did you mean 'title'?"),
        ({"filter": "title ="}, "cannot be read"),
        ({"filter": "(" * 3000}, "nested deeper"),
        ({"filter": "title = 'x'", "filter-lang": "sql"}, "cql2-text or cql2-json"),
        ({"sortby": "-keyword"}, "Collections cannot be sorted by 'keyword'"),
        ({"q": ",".join(f"term{number}" for number in range(21))}, "q has 21 terms; 20 are the maximum. Use fewer"),
        ({"token": "nowhere"}, "follow the next link"),
    ],
)
def test_each_error_says_what_to_change(params: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequest) as error:
        read_collection_search(params).page(ALL)
    assert message in str(error.value)


def test_the_maximum_number_of_terms_is_accepted_and_repeated_ones_count_once() -> None:
    terms = [f"term{number}" for number in range(19)]
    assert search(q=",".join([*terms, "photograph", *terms, ", ,"])) == ["world"]


PIECES = ["sea", "ice", "SEA", "seas", "sea-ice", "_sea", "c++", ".*", "(ice)", "île", "ÎLE", "ſ", "\0", "é", "1", "|"]
SPACES = [" ", "  ", "\t", "\n", "\u00a0"]
phrases = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from(SPACES).map(lambda space: space.join(words))
)


@pytest.mark.slow
@given(terms=st.lists(phrases, min_size=1, max_size=8), texts=st.lists(phrases, min_size=2, max_size=4))
@settings(max_examples=5000 if LONG else 400, deadline=None)
def test_one_pattern_for_all_terms_matches_what_a_pattern_for_each_term_matches(
    terms: list[str], texts: list[str]
) -> None:
    title, description, *keywords = texts
    one = collection("one", [0, 0, 1, 1], None, None, title=title, keywords=keywords) | {"description": description}
    patterns = [rf"(?<!\w){pattern}(?!\w)" for term in terms if (pattern := r"\s+".join(map(re.escape, term.split())))]
    expected = any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)
    page = read_collection_search({"q": ",".join(terms)}).page([one])
    assert bool(page.collections) is expected


def test_every_sortable_sorts() -> None:
    for name in SORTABLE:
        assert sorted(search(sortby=name)) == ["alps", "fiji", "world"]
