"""An HTTP client of the sandbox for tests, and a clock that tests set."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from m2m_sandbox import Sandbox

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC80470272020339LGN00"
FRAME = "DS1117-2086DA007"


class SandboxClient:
    """A client that talks to a sandbox over HTTP, with the API key of its last login."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")
        self.key = ""

    async def send(self, endpoint: str, payload: Any = None, method: str = "POST", **headers: str) -> httpx.Response:
        return await self.http.request(
            method,
            f"/api/api/json/stable/{endpoint}",
            content=orjson.dumps(payload),
            headers={"X-Auth-Token": self.key, **headers},
        )

    async def call(self, endpoint: str, payload: Any = None, method: str = "POST") -> Any:
        response = (await self.send(endpoint, payload, method)).json()
        assert response["errorCode"] is None, response
        return response["data"]

    async def error(self, endpoint: str, payload: Any = None) -> tuple[str, int]:
        response = await self.send(endpoint, payload)
        return response.json()["errorCode"], response.status_code

    async def log_in(self, username: str = "anybody") -> None:
        self.key = await self.call("login-token", {"username": username, "token": "any"})

    async def search(self, **payload: Any) -> Any:
        return await self.call("scene-search", {"datasetName": LANDSAT, **payload})

    async def options(self, dataset: str = LANDSAT, entity_id: str = SCENE) -> Any:
        return await self.call("download-options", {"datasetName": dataset, "entityIds": entity_id})

    async def file(self, ending: str = "SR_B4.TIF") -> dict[str, str]:
        """Return the item of download-request for a file of the Landsat scene."""
        files = (await self.options())[0]["secondaryDownloads"]
        file = next(file for file in files if file["displayId"].endswith(ending))
        return {"entityId": file["entityId"], "productId": file["id"]}

    async def frame(self, entity_id: str = FRAME) -> dict[str, str]:
        """Return the item of download-request for a film frame, which is staged."""
        product, *_orders = await self.options("corona2", entity_id)
        return {"entityId": entity_id, "productId": product["id"]}

    async def request(self, *downloads: dict[str, str], **payload: Any) -> Any:
        return await self.call("download-request", {"downloads": downloads, **payload})

    async def signed_url(self, ending: str = "SR_B4.TIF") -> str:
        """Request a file and return its signed URL; a file that is queued already is a duplicate."""
        response = await self.request(await self.file(ending), label="x")
        (records,) = (response[key] for key in ("newRecords", "duplicateProducts") if response[key])
        assert list(records.values()) == ["x"]
        return str(response["availableDownloads"][0]["url"])


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
