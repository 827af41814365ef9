"""Which Collections a question finds, and in which order."""

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
    said = {"type": "Collection", "stac_version": "1.1.0", "id": name, "description": "Nothing", "license": "other"}
    return {**said, "extent": extent, "links": [], **more}


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


def found(**said: str) -> list[str]:
    return [one["id"] for one in read_collection_search(said).page(ALL).collections]


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
def test_a_box_finds_the_extents_that_it_touches(bbox: str, ids: list[str]) -> None:
    assert found(bbox=bbox) == ids


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
def test_a_time_finds_the_extents_that_it_touches(time: str, ids: list[str]) -> None:
    assert found(datetime=time) == ids


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
def test_a_word_is_found_whole_in_title_description_or_keywords(q: str, ids: list[str]) -> None:
    assert found(q=q) == ids


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
def test_a_filter_sees_what_a_collection_says(text: str, ids: list[str]) -> None:
    assert found(filter=text) == ids


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
    assert found(sortby=sortby) == ids


def test_pages_follow_the_order_to_the_end() -> None:
    walked, token = [], ""
    while True:
        page = read_collection_search({"sortby": "-id", "limit": "1", "token": token}).page(ALL)
        walked += [one["id"] for one in page.collections]
        assert page.matched == len(ALL)
        if not page.token:
            break
        token = page.token
    assert walked == ["world", "fiji", "alps"]


def test_what_is_asked_together_must_hold_together() -> None:
    assert found(q="photograph,photographs", bbox="-179,-15,-178,-14", datetime="1990-01-01T00:00:00Z/..") == [
        "fiji",
        "world",
    ]
    assert found(q="photograph", datetime="2005-01-01T00:00:00Z") == []


def test_a_larger_limit_is_served_as_the_maximum() -> None:
    assert read_collection_search({"limit": "100000"}).limit == MAX_COLLECTIONS


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"boxx": "1"}, "did you mean 'bbox'?"),
        ({"limit": "0"}, "from 1 to 500"),
        ({"limit": "x"}, "from 1 to 500"),
        ({"limit": "9" * 30}, "from 1 to 500"),
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
def test_each_refusal_says_what_to_change(said: dict[str, str], told: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_collection_search(said).page(ALL)
    assert told in str(refused.value)


def test_as_many_terms_as_the_maximum_are_searched_for_and_repeated_ones_count_once() -> None:
    terms = [f"term{number}" for number in range(19)]
    assert found(q=",".join([*terms, "photograph", *terms, ", ,"])) == ["world"]


PIECES = ["sea", "ice", "SEA", "seas", "sea-ice", "_sea", "c++", ".*", "(ice)", "île", "ÎLE", "ſ", "\0", "é", "1", "|"]
SPACES = [" ", "  ", "\t", "\n", "\u00a0"]
phrases = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from(SPACES).map(lambda space: space.join(words))
)


@given(terms=st.lists(phrases, min_size=1, max_size=8), texts=st.lists(phrases, min_size=2, max_size=4))
@settings(max_examples=5000 if LONG else 400, deadline=None)
def test_one_pattern_for_all_terms_matches_what_a_pattern_for_each_term_matches(
    terms: list[str], texts: list[str]
) -> None:
    title, description, *keywords = texts
    one = collection("one", [0, 0, 1, 1], None, None, title=title, keywords=keywords) | {"description": description}
    patterns = [rf"(?<!\w){pattern}(?!\w)" for term in terms if (pattern := r"\s+".join(map(re.escape, term.split())))]
    wanted = any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)
    page = read_collection_search({"q": ",".join(terms)}).page([one])
    assert bool(page.collections) is wanted


def test_every_sortable_sorts() -> None:
    for name in SORTABLE:
        assert sorted(found(sortby=name)) == ["alps", "fiji", "world"]
