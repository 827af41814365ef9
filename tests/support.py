"""What several tests need: where the shared material is, and an M2M that answers from a table."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from m2m_sandbox import Sandbox, create_sandbox
from stac_bridge.api import create_app
from stac_bridge.api.routes.browser import BUILT
from stac_bridge.assets import DEFAULT_READ_TIMEOUTS, ReadTimeouts, Source, StagingWait
from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.m2m.session import Backoff, build_session
from stac_bridge.mapping import load_mappings
from stac_bridge.settings import Settings

LONG = bool(os.environ.get("STAC_BRIDGE_TESTS_LONG"))
"""Whether random tests run at full length: ``STAC_BRIDGE_TESTS_LONG=1 make test-all``."""

TIMEOUT_FACTOR = 20 if LONG else 1
"""What time limits of tests are multiplied by."""


def examples(count: int) -> int:
    """The number of examples of a random test, more of them in the long suite."""
    return 10 * count if LONG else count


SHARED = Path(__file__).resolve().parents[2] / "shared"
FIXTURES = Path(__file__).resolve().parent / "contract" / "fixtures"
RECORDINGS = Path(__file__).resolve().parent / "contract" / "recordings"
"""Recorded answers of M2M and samples of its reference, laid out as in the shared material."""
REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "m2m-reference.md"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared material is not beside this clone")

ORIGIN = "http://sandbox.test"
"""Where tests within one process have their sandbox."""

Answer = httpx.Response | Exception | Callable[[httpx.Request], Any]


def age_saved_catalog(path: Path) -> None:
    """Make a saved catalog as old as possible, without its digest, which the change would make wrong."""
    document = orjson.loads(path.read_bytes())
    del document["digest"]
    path.write_bytes(orjson.dumps(document | {"fetched": 0}))


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """Parametrize with all cases, but mark those between every n-th ``long``: ``make test`` runs a sample of them."""
    return [case if number % every == 0 else _long(case) for number, case in enumerate(cases)]


def _long(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.long)


class Script:
    """A transport that answers each endpoint from a list, its last answer for ever after; it keeps what was asked."""

    def __init__(self, answers: dict[str, Answer | list[Answer]]) -> None:
        self._answers = {name: said if isinstance(said, list) else [said] for name, said in answers.items()}
        self.asked: list[tuple[str, Any]] = []

    @property
    def endpoints(self) -> list[str]:
        """The endpoints asked, in order."""
        return [name for name, _body in self.asked]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.asked.append((name, orjson.loads(request.content or b"null")))
        waiting = self._answers.get(name, [fails("NOT_FOUND", status=404)])
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = await answer(request)
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)


def says(data: Any, **envelope: Any) -> httpx.Response:
    """An M2M answer with this data."""
    return httpx.Response(
        200,
        json={"requestId": 1, "version": "stable", "data": data, "errorCode": None, "errorMessage": None} | envelope,
    )


def fails(code: str, message: str = "as scripted", status: int = 200) -> httpx.Response:
    """An M2M error."""
    body = {"requestId": 1, "version": "stable", "data": None, "errorCode": code, "errorMessage": message}
    return httpx.Response(status, json=body)


def m2m_client(
    script: Script, *, timeout: float = 5, attempts: int = 4, username: str = "someone", **parts: Any
) -> M2MClient:
    """A client that meets the script, and does not dawdle between attempts; ``parts`` are its gate, keys and such."""
    script._answers.setdefault("login-token", [says("key")])
    session = build_session(
        "http://m2m.test/api/api/json/stable/",
        username,
        "a-token",
        timeout=timeout,
        transport=httpx.MockTransport(script),
        backoff=Backoff(attempts=attempts, first_wait=0.01, max_wait=0.02),
        **parts,
    )
    return M2MClient(session)


def recorded_data(name: str) -> Any:
    """The ``data`` of a recorded answer that ships with the project."""
    return orjson.loads((RECORDINGS / "recorded" / f"{name}.json").read_bytes())["data"]


def entry_of(dataset: str) -> Entry:
    """The catalog entry of a dataset, from fixtures: its filters are known, its products where it has some."""
    if dataset == "corona2":
        raw = recorded_data("dataset__corona2__1")
    else:
        raw = orjson.loads((FIXTURES / "scenes" / f"dataset__{dataset}.json").read_bytes())
    filters = orjson.loads((FIXTURES / "scenes" / "filters__landsat_ot_c2_l2.json").read_bytes())["data"]
    known = tuple(DatasetFilter.model_validate(one) for one in filters) if dataset == "landsat_ot_c2_l2" else ()
    products = (DatasetProduct(product_id="5e839feb28131aac", code="D183", name="Standard Format"),)
    details = DatasetDetails(known, () if dataset == "landsat_ot_c2_l2" else products)
    return Entry(Dataset.model_validate(raw), load_mappings().for_dataset(dataset), details)


def raw_scene(dataset: str, **changes: Any) -> dict[str, Any]:
    """A scene as M2M gives it; ``fields`` among the changes replaces values of its metadata (None removes)."""
    if dataset == "corona2":
        raw = recorded_data("scene-search__corona2__1")["results"][0]
    else:
        raw = orjson.loads((FIXTURES / "scenes" / f"{dataset}.json").read_bytes())
    for label, value in changes.pop("fields", {}).items():
        for field in raw["metadata"]:
            if field["fieldName"] == label:
                field["value"] = value
    return raw | changes


def posted(said: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a GET as a POST has them: a bbox is numbers there."""
    numbers = {"bbox": [float(one) for one in said["bbox"].split(",")]} if "bbox" in said else {}
    return {**said, **numbers}


def without_published(item: dict[str, Any]) -> dict[str, Any]:
    """The Item without its time of publication, which M2M's scene-metadata can lack ("Unknown") [REFERENCE §4]."""
    properties = {name: value for name, value in item["properties"].items() if name != "published"}
    extensions = [url for url in item["stac_extensions"] if "/timestamps/" not in url]
    return {**item, "properties": properties, "stac_extensions": extensions}


class Signed:
    """Hrefs that tell what was signed."""

    expires = "2027-01-01T00:00:00Z"

    def __call__(self, asset: str, filename: str, url: str | None = None, /) -> str:
        """All of them, readable."""
        return f"signed:{asset}/{filename}" + ("" if url is None else f"?u={url}")


SIGNED = Signed()


@dataclass(frozen=True)
class Here:
    """A server within this process: ``get`` and ``post`` ask it, ``sandbox`` is what it asks."""

    client: httpx.AsyncClient
    sandbox: Sandbox
    app: FastAPI

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """A GET with these parameters."""
        return await self.client.get(path, params=params)

    async def post(self, path: str, body: Any) -> httpx.Response:
        """A POST of this JSON."""
        return await self.client.post(path, json=body)

    async def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All Items of a GET search, by following its next links."""
        found, href = [], str(self.client.build_request("GET", path, params=params).url)
        while href:
            page = (await self.client.get(href)).raise_for_status().json()
            assert page["numberReturned"] == len(page["features"])
            found += page["features"]
            href = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
            assert page["features"] or not href, "a page with next is never empty"
        return found


_SEARCH = {"datasetName", "maxResults", "startingNumber", "metadataType", "sceneFilter"}
_FILTER = {"acquisitionFilter", "cloudCoverFilter", "seasonalFilter", "spatialFilter", "metadataFilter"}
_DATASETS = {"catalog", "spatialFilter", "temporalFilter"}


class Watching(httpx.AsyncBaseTransport):
    """The sandbox, watched: M2M ignores a key that it does not know, and searches everything [REFERENCE §2]."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._within = httpx.ASGITransport(sandbox)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = orjson.loads(await request.aread() or b"{}")
        known = {"scene-search": _SEARCH, "dataset-search": _DATASETS}.get(request.url.path.rpartition("/")[2])
        if known is not None:
            assert set(said) <= known, said
            assert set(said.get("sceneFilter") or {}) <= _FILTER, said
        return await self._within.handle_async_request(request)


@asynccontextmanager
async def running(
    folder: Path,
    transport: httpx.AsyncBaseTransport | None = None,
    downloads: httpx.AsyncBaseTransport | None = None,
    *,
    staging_seconds: float = 0.3,
    faults: Sequence[dict[str, Any]] = (),
    backoff: Backoff | None = None,
    breaker: Breaker | None = None,
    patience: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
    staging: StagingWait[Source] | None = None,
    browser: Path = BUILT,
    **settings: Any,
) -> AsyncIterator[Here]:
    """A server on a sandbox of its own, or on ``transport`` (M2M) and ``downloads`` (files); ``settings`` are its.

    ``faults`` are the sandbox's from the start.
    """
    sandbox = create_sandbox(base_url=ORIGIN, staging_seconds=staging_seconds)
    for fault in faults:
        sandbox.faults.add(fault)
    given = {
        "m2m_url": f"{ORIGIN}/api/api/json/stable/",
        "m2m_username": "someone",
        "m2m_token": "a-token",
        "notices_ttl": 0,  # so that tests may count what M2M is asked
        "staging_wait": 0,  # so that tests see the 503
    }
    told = Settings(**{**given, "data_dir": folder, "signing_keys": "0123456789abcdef0123", **settings})
    within = httpx.ASGITransport(sandbox)
    app = create_app(
        told,
        transport=transport or Watching(sandbox),
        download_transport=downloads or within,
        own_origin=ORIGIN,
        backoff=backoff,
        breaker=breaker,
        patience=patience,
        staging=staging,
        browser=browser,
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        yield Here(client, sandbox, app)
