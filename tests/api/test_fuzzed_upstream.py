"""Whatever M2M answers, the server answers in a form that its clients understand: never a 500, and no task dies."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from m2m_sandbox import create_sandbox
from stac_bridge.m2m.session import Backoff
from tests.in_thread import in_thread
from tests.odd_values import TEXTS, VALUES, dumped, mutated
from tests.support import ORIGIN, Here, examples

LANDSAT = "landsat_ot_c2_l2"
DAY = "2024-07-01T00:00:00Z/2024-07-01T00:20:00Z"
AT_ONCE = Backoff(attempts=2, first_wait=0.001, max_wait=0.002)
KEPT = 2
"""Elements of each list of M2M's answers: enough to change some of them."""

DATASETS = {LANDSAT, "corona2", "landsat_ot_c2_l1"}
TASKS = {"Account.refresh_forever", "LiveCatalog.refresh_forever", "Bridge._refresh_notices", "QueueUpkeep.run_forever"}


@dataclass
class Odd(httpx.AsyncBaseTransport):
    """The sandbox with short answers, of which that of one endpoint is replaced."""

    endpoint: str = ""
    answer: httpx.Response | None = None
    seen: dict[str, Any] = field(default_factory=dict)
    """The last answer of each endpoint."""
    within: httpx.AsyncBaseTransport = field(
        default_factory=lambda: httpx.ASGITransport(create_sandbox(base_url=ORIGIN, staging_seconds=0))
    )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name == self.endpoint and self.answer is not None:
            return httpx.Response(self.answer.status_code, content=self.answer.content, headers=self.answer.headers)
        response = await self.within.handle_async_request(request)
        envelope = orjson.loads(await response.aread())
        data = envelope["data"]
        if name == "dataset-search" and data:
            envelope["data"] = [record for record in data if record["datasetAlias"] in DATASETS]
        if name == "scene-search" and data:
            envelope["data"] = {**data, "results": data["results"][:KEPT], "recordsReturned": KEPT, "totalHits": KEPT}
        if name == "dataset-messages" and isinstance(data, dict):
            envelope["data"] = dict(list(data.items())[:KEPT])
        self.seen[name] = envelope
        return httpx.Response(200, content=orjson.dumps(envelope))


async def use(here: Here) -> list[httpx.Response]:
    """Send requests that reach every endpoint of M2M that a client's request can reach."""
    get = here.client.get
    answers = [await get(path) for path in ("/", "/collections", f"/collections/{LANDSAT}", "/_mgmt/health")]
    answers.append(await get(f"/collections/{LANDSAT}/queryables"))
    answers.append(await get("/collections/corona2/items", params={"limit": 2}))
    page = await get("/search", params={"collections": LANDSAT, "datetime": DAY, "limit": 1})
    answers.append(page)
    queries = ({"sortby": "-datetime"}, {"filter": "platform = 'landsat-8'"}, {"filter": "title LIKE '%a%'"})
    answers += [await get("/search", params={"collections": LANDSAT, "datetime": DAY, **query}) for query in queries]
    answers.append(await get("/search", params={"ids": "DS1117-2086DA017,DS1117-2086DA018", "collections": "corona2"}))
    answers.append(await get("/explain", params={"collections": LANDSAT, "datetime": DAY}))
    features = page.json().get("features") or [{"id": "LC08_L2SP_047027_20201204_20210313_02_T1", "assets": {}}]
    with suppress(KeyError, httpx.InvalidURL):
        answers.append(await get(next(link["href"] for link in features[0]["links"] if link["rel"] == "self")))
    answers.append(await get(f"/collections/{LANDSAT}/items/LC08_L2SP_047027_20201204_20210313_02_T1"))
    assets = list(features[0]["assets"].values())[:4:3]
    return answers + [await here.client.head(asset["href"]) for asset in assets]


async def missing_tasks() -> set[str]:
    running = {getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
    return TASKS - running


def check(folder: Path, transport: Odd) -> list[httpx.Response]:
    settings_ = {"notices_ttl": 3600, "cache_ttl": 0}
    with in_thread(folder, transport=transport, backoff=AT_ONCE, **settings_) as server:
        answers: list[httpx.Response] = server.run(use(server.here))
        lost = server.run(missing_tasks())
        for answer in answers:
            assert answer.status_code != 500, (transport.endpoint, answer.request.url, server.bugs)
            if answer.request.method == "GET" and "json" in answer.headers["content-type"]:
                orjson.loads(answer.content)
        assert not server.bugs, (transport.endpoint, server.bugs)
        assert not lost, (transport.endpoint, lost)
    return answers


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer of each endpoint that the requests reach."""
    transport = Odd()
    answers = check(tmp_path_factory.mktemp("healthy"), transport)
    assert {answer.status_code for answer in answers} <= {200, 302, 404}, answers
    return transport.seen


@pytest.fixture(scope="module")
def within() -> httpx.AsyncBaseTransport:
    return Odd().within


PAGES = st.sampled_from(
    [
        *(b"<html><body>Maintenance</body></html>", b"", b"null", b"[]", b"{}", b'"text"', b"7", b"NaN", b"\xff\xfe"),
        *(b"{", b"[" * 100_000, b'{"data":' * 5000, b'{"data": "\\ud800"}', b'{"data": NaN}', b'{"data": 1e999}'),
        *(b'{"data": null}', b'{"errorCode": 7, "data": 1}', b'{"errorCode": {"a": []}, "errorMessage": [1e300]}'),
        b'{"data": ' + b"9" * 5000 + b"}",
        b'{"errorCode": "RATE_LIMIT", "errorMessage": "<img src=x onerror=alert(1)>"}',
        b'{"errorCode": "<b>\\u0000", "errorMessage": "\\u202e"}',
    ]
)
STATUSES = st.sampled_from([200, 200, 200, 204, 301, 400, 401, 403, 404, 429, 500, 503])
ENDPOINTS = [
    *("login-token", "permissions", "dataset-search", "dataset-filters", "dataset-download-options", "notifications"),
    *(
        "dataset-messages",
        "scene-search",
        "scene-metadata",
        "scene-list-add",
        "scene-metadata-list",
        "download-options",
    ),
    *("download-request", "download-retrieve", "dataset-file-groups", "download-labels", "download-search"),
]
fuzz = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@fuzz
@given(data=st.data())
def test_an_answer_in_which_parts_are_odd(
    tmp_path_factory: pytest.TempPathFactory,
    healthy: dict[str, Any],
    within: httpx.AsyncBaseTransport,
    data: st.DataObject,
) -> None:
    endpoint = data.draw(st.sampled_from(sorted(healthy)))
    envelope = healthy[endpoint]
    whole = st.just(envelope)
    content = data.draw(
        (mutated(whole) | mutated(whole, TEXTS) | VALUES.map(lambda value: {**envelope, "data": value})).map(dumped)
    )
    transport = Odd(endpoint, httpx.Response(200, content=content), within=within)
    check(tmp_path_factory.mktemp("odd"), transport)


@fuzz
@given(
    endpoint=st.sampled_from(ENDPOINTS),
    content=PAGES,
    status=STATUSES,
    retry=st.sampled_from(["", "0", "x", "1e9", "-1"]),
)
@example("scene-search", b"[" * 100_000, 200, "")
def test_an_answer_that_is_something_else(
    tmp_path_factory: pytest.TempPathFactory,
    within: httpx.AsyncBaseTransport,
    endpoint: str,
    content: bytes,
    status: int,
    retry: str,
) -> None:
    headers = {"retry-after": retry} if retry else {}
    transport = Odd(endpoint, httpx.Response(status, content=content, headers=headers), within=within)
    check(tmp_path_factory.mktemp("odd"), transport)
