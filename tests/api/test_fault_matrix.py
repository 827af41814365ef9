"""Whatever goes wrong at M2M × whatever is asked: the right answer in the end, or a problem that says when to ask.

Every case has a server and a sandbox of its own. Right is what the same question is answered when nothing is wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.m2m.client import Backoff
from tests.support import Here, running

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

QUICK = Backoff(attempts=4, first=0.01, most=0.02)
PATIENCE = 0.4
"""Seconds that M2M is given for an answer where it will give none."""

Answer = tuple[int, str]
"""Status, and the digest of what was said."""


@dataclass(frozen=True)
class Question:
    """What is asked, and the endpoint of M2M that has to do its part."""

    name: str
    endpoint: str
    ask: Callable[[Here], Awaitable[httpx.Response]]

    def __str__(self) -> str:
        return self.name


async def a_search(here: Here) -> httpx.Response:
    return await here.get("/search", **ASKED)


async def an_item(here: Here) -> httpx.Response:
    return await here.get(f"/collections/{LANDSAT}/items/{SCENE}")


async def the_collections(here: Here) -> httpx.Response:
    return await here.get("/collections")


async def a_file(here: Here) -> httpx.Response:
    return await here.client.get(HREF[0], headers=BROWSER)


HREF: list[str] = []
"""Of a file of the scene; servers of one key believe each other's."""

QUESTIONS = [
    Question("search", "scene-search", a_search),
    Question("search by who must log in first", "login-token", a_search),
    Question("item", "scene-metadata", an_item),
    Question("collections", "dataset-search", the_collections),
    Question("asset", "download-request", a_file),
]

FAULTS: dict[str, dict[str, Any]] = {
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
}

KEYS: dict[str, dict[str, Any]] = {
    "key expired": {"kind": "error", "code": "AUTH_EXPIRED"},
    "key thrown away by another login": {"kind": "keys-lost"},
}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What each question is answered when nothing is wrong."""
    return asyncio.run(undisturbed(tmp_path_factory.mktemp("right")))


async def undisturbed(folder: Path) -> dict[str, Answer]:
    async with running(folder) as here:
        item = (await an_item(here)).raise_for_status().json()
        HREF.append(item["assets"]["mtl.xml"]["href"])
        return {one.name: read(await one.ask(here)) for one in QUESTIONS}


def read(answer: httpx.Response) -> Answer:
    """The tokens of next links aside, which tell when they were made."""
    body = answer.content
    if "json" in answer.headers["content-type"]:
        body = orjson.dumps({**answer.json(), "links": None})
    return answer.status_code, hashlib.sha256(body).hexdigest()


def cases(faults: dict[str, dict[str, Any]]) -> list[Any]:
    """Every fault × every question; a login meets no key that could be dead."""
    return [
        pytest.param(question, fault, id=f"{name}-{question}")
        for (name, fault), question in product(faults.items(), QUESTIONS)
        if not (fault in KEYS.values() and question.endpoint == "login-token")
    ]


@pytest.mark.parametrize(("question", "fault"), cases({**FAULTS, **KEYS}))
async def test_what_passes_is_not_noticed(
    tmp_path: Path, right: dict[str, Answer], question: Question, fault: dict[str, Any]
) -> None:
    hangs = fault["kind"] in ("slow", "hang")
    once = {**fault, "on": [question.endpoint], "times": 1}
    async with running(tmp_path, faults=[once], backoff=QUICK, m2m_timeout=PATIENCE if hangs else 20) as here:
        answer = await question.ask(here)
        assert read(answer) == right[question.name]
        assert [one.struck for one in here.sandbox.faults.every()] == [1]


@pytest.mark.parametrize(("question", "fault"), cases({**FAULTS, **KEYS}))
async def test_what_stays_is_told_in_time_and_forgotten_when_it_ends(
    tmp_path: Path, right: dict[str, Answer], question: Question, fault: dict[str, Any]
) -> None:
    always = {**fault, "on": [question.endpoint]}
    async with running(tmp_path, faults=[always], backoff=QUICK, m2m_timeout=PATIENCE) as here:
        begun = time.monotonic()
        answer = await question.ask(here)
        assert time.monotonic() - begun < 3 * PATIENCE + 1
        is_clear(answer)
        here.sandbox.faults.clear()
        assert read(await mended(here, question)) == right[question.name]


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
    """The answer as soon as there is one, in place of the seconds that Retry-After asks for."""
    async with asyncio.timeout(10):
        while (answer := await question.ask(here)).status_code != 200:
            is_clear(answer)
            await asyncio.sleep(0.05)
    return answer


# -- in the middle of a walk ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return asyncio.run(walk(tmp_path_factory.mktemp("walked"), **WALK))


async def walk(folder: Path, **asked: Any) -> list[str]:
    async with running(folder) as here:
        return [item["id"] for item in await here.items("/search", **asked)]


WALK = {**ASKED, "limit": 10}


@pytest.mark.parametrize(
    "fault",
    [*KEYS.values(), {"kind": "error", "code": "RATE_LIMIT"}, {"kind": "reset"}, {"kind": "maintenance"}],
    ids=lambda fault: fault.get("code", fault["kind"]),
)
@pytest.mark.parametrize("skip", [1, 3])
async def test_a_walk_through_a_fault_is_the_undisturbed_one(
    tmp_path: Path, walked: list[str], fault: dict[str, Any], skip: int
) -> None:
    assert len(walked) > 40
    striking = {**fault, "on": ["scene-search"], "skip": skip, "times": 1}
    async with running(tmp_path, faults=[striking], backoff=QUICK) as here:
        assert [item["id"] for item in await here.items("/search", **WALK)] == walked
        assert [one.struck for one in here.sandbox.faults.every()] == [1]


@pytest.mark.parametrize("by", [-1_000_000, -25, -1, 1, 25, 1_000_000])
@pytest.mark.parametrize("accuracy", [None, "approximate", "absent"])
async def test_a_walk_under_a_total_that_lies_loses_and_doubles_nothing(
    tmp_path: Path, walked: list[str], by: int, accuracy: str | None
) -> None:
    lying = {"kind": "lying-total", "by": by, "accuracy": accuracy}
    async with running(tmp_path, faults=[lying]) as here:
        assert [item["id"] for item in await here.items("/search", **WALK)] == walked


# -- what does not pass -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["DATASET_AUTH", "DATASET_UNAUTHORIZED", "DATASET_INVALID"])
async def test_a_dataset_that_was_retired_is_told_and_hides_no_other(tmp_path: Path, code: str) -> None:
    retired = {"kind": "error", "code": code, "on": ["scene-search", "scene-metadata"]}
    async with running(tmp_path, faults=[retired], backoff=QUICK) as here:
        for question in (a_search, an_item):
            answer = await question(here)
            assert answer.status_code == 502
            assert answer.json()["upstream_code"] == code
            assert "retry-after" not in answer.headers, "coming back would not help"
        assert (await the_collections(here)).status_code == 200
        here.sandbox.faults.clear()
        assert (await here.get("/search", collections="naip", limit=1)).status_code == 200
