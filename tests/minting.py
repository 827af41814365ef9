"""An M2M that grants downloads as it is asked, and a resolver that meets it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from stac_bridge.assets import HostAllowList, Resolver, SceneFile
from stac_bridge.store import Store
from tests.support import Script, m2m_client, says

SCENE = "LC08_L2SP_047027_20201204_20991231_02_T1"
"""Processed in a time to come, so that it is never an old one."""
OLD = "LC08_L2SP_047027_20201204_20210313_02_T1"
LANDSAT = "landsat_ot_c2_l2"
SITE = "https://landsatlook.usgs.gov/data"
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp()
LABEL = "bridge-2026-03-05"
"""The label of every request of a resolver whose clock was not replaced."""


def file_of(scene: str, ending: str, **more: Any) -> dict[str, Any]:
    """A file among the secondary downloads of a scene."""
    half = "L2ST" if ending.startswith("ST_") else "L2SR"
    return {
        "id": f"{ending}-id",
        "entityId": f"{half}_{scene}_{ending.replace('.', '_').upper()}",
        "displayId": f"{scene}_{ending}",
        "available": True,
        "productCode": "D691",
        "downloadSystem": "ls_s3",
        **more,
    }


def folder(scene: str, *files: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The product of a scene that holds its files."""
    return {
        "id": "folder",
        "entityId": f"E-{scene}",
        "displayId": scene,
        "available": True,
        "productCode": "D691",
        "downloadSystem": "folder",
        "secondaryDownloads": list(files),
        **more,
    }


def wanted(ending: str = "SR_B4.TIF", scene: str = SCENE, dataset: str = LANDSAT) -> SceneFile:
    """A file of a scene."""
    return SceneFile(dataset, f"E-{scene}", scene, f"{scene}_{ending}", suffix=ending)


def body(request: httpx.Request) -> Any:
    """What a request to M2M asks."""
    return orjson.loads(request.content)


def offering(*endings: str) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """download-options: a folder with these files for every scene asked about that is none of ``unknown``."""

    async def answer(request: httpx.Request) -> httpx.Response:
        scenes = [ident.removeprefix("E-") for ident in body(request)["entityIds"]]
        return says(
            [folder(one, *(file_of(one, end) for end in endings)) for one in reversed(scenes) if "unknown" not in one]
        )

    return answer


def granting(
    refused: dict[str, str] | None = None, *, named: bool = True, **more: Any
) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """download-request: all but what is ``refused`` (entity id → reason; none: an unknown scene), last first.

    The rows are ``named`` by entity id, or were not before 2025; ``more`` stands in every row.
    """
    count, why = iter(range(1, 10_000)), refused or {}

    async def answer(request: httpx.Request) -> httpx.Response:
        asked = body(request)
        rows, failed, invalid = [], [], 0
        for one in reversed(asked["downloads"]):
            if one["entityId"] in why:
                reason = why[one["entityId"]]
                invalid += not reason
                failed += [{**one, "errorMessage": reason}] if reason else []
            else:
                row = {"downloadId": next(count), "eulaCode": None, "url": f"{SITE}/{one['entityId']}"}
                rows.append({**row, **({"entityId": one["entityId"]} if named else {}), **more})
        new = {str(row["downloadId"]): asked["label"] for row in rows}
        return says(
            {"availableDownloads": rows, "newRecords": new or [], "failed": failed, "numInvalidScenes": invalid}
        )

    return answer


def host(request: httpx.Request) -> httpx.Response:
    """A host with Range."""
    headers = {"Content-Range": "bytes 0-0/1000", "Content-Type": "image/tiff", "ETag": '"1"'}
    return httpx.Response(206, content=b"I", headers=headers)


def resolver(script: Script, answer: Any = host, url_ttl: float = 60, **more: Any) -> Resolver:
    """A resolver that knows nothing yet."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    hosts = HostAllowList(("landsatlook.usgs.gov", "dds.cr.usgs.gov"))
    more = {"clock": lambda: NOW, **more}
    return Resolver(m2m_client(script), Store(), http, hosts, label="bridge", url_ttl=url_ttl, **more)


def calls(script: Script) -> list[str]:
    """The endpoints asked, without the login."""
    return [name for name in script.endpoints if name != "login-token"]
