"""Collection search over HTTP, against every Collection looked at one by one, and without a call to M2M."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from stac_bridge import fair_work
from tests.support import Here

LANDSAT = "landsat_ot_c2_l2"


async def everything(here: Here) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await here.get("/collections")).json()["collections"]
    assert len(found) >= 3
    return found


async def search(here: Here, **asked: Any) -> list[dict[str, Any]]:
    answer = (await here.get("/collections", **asked)).raise_for_status()
    assert answer.headers["x-m2m-calls"] == "0"
    page: dict[str, Any] = answer.json()
    assert page["numberReturned"] == len(page["collections"]) <= page["numberMatched"]
    return page["collections"]  # type: ignore[no-any-return]


async def test_a_place_finds_the_collections_that_cover_it(here: Here) -> None:
    def covers(one: dict[str, Any]) -> bool:
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        return west <= 7 and east >= 6 and south <= 47 and north >= 46

    all_of_them = await everything(here)
    found = await search(here, bbox="6,46,7,47")
    assert found == [one for one in all_of_them if covers(one)]
    assert 0 < len(found) < len(all_of_them)


async def test_a_time_finds_the_collections_of_that_time(here: Here) -> None:
    def overlaps(one: dict[str, Any]) -> bool:
        start, end = one["extent"]["temporal"]["interval"][0]
        return (start or "") <= "1965-12-31T23:59:59Z" and (end or "9999") >= "1965-01-01T00:00:00Z"

    all_of_them = await everything(here)
    found = await search(here, datetime="1965-01-01T00:00:00Z/1965-12-31T23:59:59Z")
    assert found == [one for one in all_of_them if overlaps(one)]
    assert "corona2" in {one["id"] for one in found}
    assert LANDSAT not in {one["id"] for one in found}


async def test_any_of_the_words_asked_for_is_enough(here: Here) -> None:
    def has(one: dict[str, Any], word: str) -> bool:
        texts = (one["title"], one["description"], *one.get("keywords", ()))
        return any(re.search(rf"\b{word}\b", text, re.IGNORECASE) for text in texts)

    all_of_them = await everything(here)
    found = await search(here, q="reflectance,AERIAL")
    assert found == [one for one in all_of_them if has(one, "reflectance") or has(one, "aerial")]
    assert LANDSAT in {one["id"] for one in found}


async def test_the_words_that_people_use_find_their_datasets(here: Here) -> None:
    for words in ("height", "topography", "elevation"):
        assert "srtm_v3" in {one["id"] for one in await search(here, q=words)}
    assert {one["id"] for one in await search(here, q="spy satellite")} == {"corona2", "declassii", "declassiii"}
    assert {"naip", "aerial_combin"} <= {one["id"] for one in await search(here, q="aerial photograph")}


async def test_too_many_terms_are_refused_with_the_maximum(here: Here) -> None:
    answer = await here.get("/collections", q=",".join(f"term{number}" for number in range(4500))[:26_000])
    assert answer.status_code == 400
    assert "20 are the maximum" in answer.json()["detail"]


class Paused(ThreadPoolExecutor):
    """The threads of an event loop, whose work waits until it is released."""

    def __init__(self) -> None:
        super().__init__(1)
        self.works = 0
        self.released = threading.Event()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.works += 1
        return super().submit(lambda: self.released.wait(30) and fn(*args, **kwargs))


async def test_other_requests_go_on_while_collections_are_searched(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the parameters and making the page are both the work of another thread than the event loop's."""
    await here.get("/collections")
    for parameters in ({"q": "landsat"}, {"filter": "title LIKE '%a%'"}, {"sortby": "-title,license"}):
        threads = Paused()
        monkeypatch.setattr(fair_work, "_THREAD", threads)
        searching = asyncio.ensure_future(here.get("/collections", **parameters))
        assert (await here.get("/_mgmt/ping")).status_code == 200
        assert not searching.done()
        threads.released.set()
        assert (await searching).status_code == 200
        assert threads.works == 2


async def test_a_filter_is_tried_on_collections(here: Here) -> None:
    all_of_them = await everything(here)
    as_json = '{"op": "like", "args": [{"property": "title"}, "%Landsat%"]}'
    for asked in ({"filter": "title LIKE '%Landsat%'"}, {"filter": as_json, "filter-lang": "cql2-json"}):
        found = await search(here, **asked)
        assert found == [one for one in all_of_them if "Landsat" in one["title"]]
        assert found


async def test_every_queryable_of_collections_is_taken(here: Here) -> None:
    for name in (await here.get("/collections-queryables")).json()["properties"]:
        known = {one["id"] for one in await search(here, filter=f'"{name}" IS NOT NULL')}
        unknown = {one["id"] for one in await search(here, filter=f'"{name}" IS NULL')}
        assert not known & unknown
        assert known | unknown == {one["id"] for one in await everything(here)}


async def test_an_order_is_that_of_the_values_with_the_unknown_last(here: Here) -> None:
    all_of_them = await everything(here)
    titles = sorted(one["title"] for one in all_of_them)
    assert [one["title"] for one in await search(here, sortby="title")] == titles
    assert [one["title"] for one in await search(here, sortby="-title")] == titles[::-1]
    starts = [one["extent"]["temporal"]["interval"][0][0] for one in await search(here, sortby="start_datetime")]
    known = [start for start in starts if start]
    assert starts == sorted(known) + [None] * (len(starts) - len(known))


async def test_every_sortable_of_collections_sorts_them(here: Here) -> None:
    whole = {one["id"] for one in await everything(here)}
    for name in (await here.get("/collections-sortables")).json()["properties"]:
        assert {one["id"] for one in await search(here, sortby=f"-{name}")} == whole


async def test_fields_choose_the_parts_of_collections(here: Here) -> None:
    for one in await search(here, fields="title,extent.temporal"):
        assert set(one) == {"type", "stac_version", "id", "title", "extent"}
        assert set(one["extent"]) == {"temporal"}


async def test_a_search_is_paged_to_the_end_in_its_order(here: Here) -> None:
    whole = await search(here, sortby="-id", datetime="1990-01-01T00:00:00Z/..")
    walked: list[dict[str, Any]] = []
    href = "/collections?sortby=-id&datetime=1990-01-01T00:00:00Z/..&limit=1"
    while href:
        page = (await here.client.get(href)).json()
        assert page["numberMatched"] == len(whole)
        walked += page["collections"]
        href = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert walked == whole
    assert len(walked) > 1


async def test_a_refusal_is_a_sentence_that_names_the_nearest_word(here: Here) -> None:
    for asked, told in (
        ({"filter": "titel = 'x'"}, "did you mean 'title'?"),
        ({"sortby": "tittle"}, "did you mean 'title'?"),
        ({"querry": "x"}, "has no parameter 'querry'"),
    ):
        answer = await here.get("/collections", **asked)
        assert answer.status_code == 400
        assert told in answer.json()["detail"]
