"""Whatever goes wrong at M2M × whatever is asked: the right answer in the end, or a problem that says when to ask.

Every case has a server and a sandbox of its own. Right is what the same question is answered when nothing is wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.session import Backoff
from tests.support import Here, running, sampled

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC08_L2SP_196028_20240728_20240807_02_T1"
ASKED = {
    "collections": LANDSAT,
    "bbox": "5,45,9,50",
    "datetime": "2024-07-01T00:00:00Z/2024-07-31T23:59:59Z",
    "limit": 7,
}
BROWSER = {"Origin": "https://page.example"}
"""Who asks for a file from a page is given its bytes, not an address."""

PATIENCE = 1.2
"""Seconds that M2M is given for an answer, where it will give none."""

SILENT = ("slow", "hang")
"""Kinds of faults by which M2M gives none."""

Answer = tuple[int, str]
"""Status, and the digest of what was said."""

Fault = dict[str, Any]

FAULTS: dict[str, Fault] = {
    "maintenance page": {"kind": "maintenance", "status": 200},
    "maintenance page, said to be one": {"kind": "maintenance", "status": 503},
    "reset": {"kind": "reset"},
    "cut before the first byte": {"kind": "cut", "at": 0},
    "cut in the middle": {"kind": "cut", "at": 40},
    "429": {"kind": "down", "status": 429},
    "502": {"kind": "down", "status": 502},
    "503": {"kind": "down", "status": 503},
    "504": {"kind": "down", "status": 504},
    "500 with RATE_LIMIT": {"kind": "error", "code": "RATE_LIMIT"},
    "SERVER_ERROR": {"kind": "error", "code": "SERVER_ERROR"},
    "slow first byte": {"kind": "slow", "first": 60},
    "slow body": {"kind": "slow", "per_megabyte": 10_000_000},
    "hang": {"kind": "hang"},
    "key expired": {"kind": "error", "code": "AUTH_EXPIRED"},
    "key thrown away by another login": {"kind": "keys-lost"},
}

KEYS = [FAULTS["key expired"], FAULTS["key thrown away by another login"]]


@dataclass(frozen=True)
class Question:
    """What is asked, and the endpoint of M2M that has to do its part."""

    endpoint: str
    ask: Callable[[Here], Awaitable[httpx.Response]]


async def a_search(here: Here) -> httpx.Response:
    return await here.get("/search", **ASKED)


async def an_item(here: Here) -> httpx.Response:
    return await here.get(f"/collections/{LANDSAT}/items/{SCENE}")


async def the_collections(here: Here) -> httpx.Response:
    return await here.get("/collections")


async def a_file(here: Here) -> httpx.Response:
    return await here.client.get(FILES[0], headers=BROWSER)


async def another_file(here: Here) -> httpx.Response:
    return await here.client.get(FILES[1], headers=BROWSER)


FILES: list[str] = []
"""Hrefs of what nobody has read yet; servers of one key believe each other's."""

SEARCH, ITEM = Question("scene-search", a_search), Question("scene-metadata", an_item)
FILE, ANOTHER_FILE = Question("download-request", a_file), Question("download-request", another_file)
COLLECTIONS = Question("dataset-search", the_collections)
COLLECTIONS_AT_FIRST = Question("login-token", the_collections)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Answer]:
    """What each question is answered when nothing is wrong."""
    return asyncio.run(undisturbed(tmp_path_factory.mktemp("right")))


async def undisturbed(folder: Path) -> dict[Any, Answer]:
    async with running(folder) as here:
        listed = read(await the_collections(here))
        page = (await a_search(here)).raise_for_status().json()
        FILES[:] = [item["assets"]["mtl.xml"]["href"] for item in page["features"]]
        others = {ask: read(await ask(here)) for ask in (a_search, an_item, a_file, another_file)}
    assert others[a_file] != others[another_file]
    return {the_collections: listed, **others}


def read(answer: httpx.Response) -> Answer:
    """The tokens of next links aside, which tell when they were made."""
    body = answer.content
    if "json" in answer.headers["content-type"]:
        body = orjson.dumps({**answer.json(), "links": None})
    return answer.status_code, hashlib.sha256(body).hexdigest()


@asynccontextmanager
async def failing(folder: Path, fault: Fault, *on: str, **more: Any) -> AsyncIterator[Here]:
    """A server over an M2M that fails where it is told; it keeps no answer, and asks again at once, but once."""
    quick = {"backoff": Backoff(2, 0.01, 0.02), "breaker": Breaker(first_pause=0.01, max_pause=0.02)}
    told = {"m2m_timeout": PATIENCE if fault["kind"] in SILENT else 20, "cache_ttl": 0, "stale_ttl": 0}
    async with running(folder, faults=[{**fault, "on": [one], **more} for one in on], **quick, **told) as here:
        yield here


@pytest.mark.parametrize("fault", sampled(FAULTS.values(), 3), ids=FAULTS)
async def test_whatever_goes_wrong_is_not_noticed_or_told_in_time(
    tmp_path: Path, right: dict[Any, Answer], fault: Fault
) -> None:
    await asyncio.gather(
        warm(tmp_path / "warm", right, fault),
        begun_with_what_passes(tmp_path / "passing", right, fault),
        begun_with_what_stays(tmp_path / "staying", right, fault),
    )


async def warm(folder: Path, right: dict[Any, Answer], fault: Fault) -> None:
    """A server that knows the datasets and has a key."""
    async with failing(folder, fault) as here:
        assert read(await a_search(here)) == right[a_search]
        for question in (SEARCH, ITEM, FILE):
            standing = here.sandbox.faults.add({**fault, "on": [question.endpoint], "times": 1})
            assert read(await question.ask(here)) == right[question.ask], question
            assert standing.triggered == 1, question
        here.sandbox.faults.clear()
        here.sandbox.faults.add({**fault, "on": [one.endpoint for one in (SEARCH, ITEM, ANOTHER_FILE)]})
        await asyncio.gather(*(is_told(here, question) for question in (SEARCH, ITEM, ANOTHER_FILE)))
        here.sandbox.faults.clear()
        for question in (SEARCH, ITEM, ANOTHER_FILE):
            assert read(await mended(here, question)) == right[question.ask], question


async def begun_with_what_passes(folder: Path, right: dict[Any, Answer], fault: Fault) -> None:
    """A server that has to log in and to fetch the list of datasets; for two silences in one answer is no time."""
    on = (
        [COLLECTIONS.endpoint]
        if fault in KEYS or fault["kind"] in SILENT
        else [COLLECTIONS.endpoint, COLLECTIONS_AT_FIRST.endpoint]
    )
    async with failing(folder, fault, *on, times=1) as here:
        assert read(await the_collections(here)) == right[the_collections]
        assert [one.triggered for one in here.sandbox.faults.active()] == [1] * len(on)


async def begun_with_what_stays(folder: Path, right: dict[Any, Answer], fault: Fault) -> None:
    """The same; a login meets no key that could be dead."""
    async with failing(folder, fault, COLLECTIONS.endpoint if fault in KEYS else COLLECTIONS_AT_FIRST.endpoint) as here:
        await is_told(here, COLLECTIONS_AT_FIRST)
        here.sandbox.faults.add({**fault, "on": [COLLECTIONS.endpoint]})
        here.sandbox.faults.clear(1)
        await is_told(here, COLLECTIONS)
        here.sandbox.faults.clear()
        assert read(await mended(here, COLLECTIONS)) == right[the_collections]


async def is_told(here: Here, question: Question) -> None:
    begun = time.monotonic()
    is_clear(await question.ask(here))
    assert time.monotonic() - begun < 3 * PATIENCE + 1, question


def is_clear(answer: httpx.Response) -> None:
    """A problem document that says what is wrong at M2M, and when to come back."""
    assert answer.status_code in (502, 503, 504), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["retry-after"]) > 0
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["detail"].endswith(".")
    assert "<" not in said["detail"]


async def mended(here: Here, question: Question) -> httpx.Response:
    """The answer as soon as there is one: no longer than the breaker leaves M2M alone."""
    async with asyncio.timeout(10):
        while (answer := await question.ask(here)).status_code != 200:
            is_clear(answer)
            await asyncio.sleep(0.02)
    return answer


# -- in the middle of a walk ------------------------------------------------------------------------------------------


WALK = {**ASKED, "limit": 10}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return asyncio.run(walk(tmp_path_factory.mktemp("walked"), **WALK))


async def walk(folder: Path, **asked: Any) -> list[str]:
    async with running(folder) as here:
        return [item["id"] for item in await here.items("/search", **asked)]


@pytest.mark.parametrize(
    "fault",
    sampled([*KEYS, {"kind": "error", "code": "RATE_LIMIT"}, {"kind": "reset"}, {"kind": "maintenance"}], 2),
    ids=lambda fault: fault.get("code", fault["kind"]),
)
@pytest.mark.parametrize("skip", [1, 3])
async def test_a_walk_through_a_fault_is_the_undisturbed_one(
    tmp_path: Path, walked: list[str], fault: dict[str, Any], skip: int
) -> None:
    assert len(walked) > 40
    striking = {**fault, "on": ["scene-search"], "skip": skip, "times": 1}
    async with running(tmp_path, faults=[striking], backoff=Backoff(4, 0.01, 0.02)) as here:
        assert [item["id"] for item in await here.items("/search", **WALK)] == walked
        assert [one.triggered for one in here.sandbox.faults.active()] == [1]


@pytest.mark.parametrize("by", [-1_000_000, -25, 1, 25])
async def test_a_walk_under_a_total_that_lies_loses_and_doubles_nothing(
    tmp_path: Path, walked: list[str], by: int
) -> None:
    async with running(tmp_path) as here:
        for accuracy in (None, "absent"):
            here.sandbox.faults.clear()
            here.sandbox.faults.add({"kind": "lying-total", "by": by, "accuracy": accuracy})
            limit = WALK["limit"] + len(accuracy or "")  # another one each time, that nothing is kept of it
            assert [item["id"] for item in await here.items("/search", **{**WALK, "limit": limit})] == walked


@pytest.mark.parametrize("by", [-1_000_000, -1, 25])
async def test_a_sorted_walk_under_a_total_that_lies_loses_and_doubles_nothing(
    tmp_path: Path, walked: list[str], by: int
) -> None:
    async with running(tmp_path, faults=[{"kind": "lying-total", "by": by}]) as here:
        found = [item["id"] for item in await here.items("/search", **WALK, sortby="-datetime")]
        assert len(found) == len(walked)
        assert set(found) == set(walked)


# -- what does not pass -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["DATASET_AUTH", "DATASET_UNAUTHORIZED", "DATASET_INVALID"])
async def test_a_dataset_that_was_retired_is_told_and_hides_no_other(tmp_path: Path, code: str) -> None:
    retired = {"kind": "error", "code": code, "on": ["scene-search", "scene-metadata"]}
    async with running(tmp_path, faults=[retired], backoff=Backoff(4, 0.01, 0.02)) as here:
        for question in (a_search, an_item):
            answer = await question(here)
            assert answer.status_code == 502
            assert answer.json()["upstream_code"] == code
            assert "retry-after" not in answer.headers, "coming back would not help"
        assert (await the_collections(here)).status_code == 200
        here.sandbox.faults.clear()
        assert (await here.get("/search", collections="naip", limit=1)).status_code == 200
