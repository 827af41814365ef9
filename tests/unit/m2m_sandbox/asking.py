"""Who asks a sandbox in tests, and a clock that they set."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from m2m_sandbox import Sandbox

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC80470272020339LGN00"
FRAME = "DS1117-2086DA007"


class Asker:
    """Who asks a sandbox, over HTTP as any client does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")
        self.key = ""

    async def raw(self, endpoint: str, said: Any = None, method: str = "POST", **headers: str) -> httpx.Response:
        return await self.http.request(
            method,
            f"/api/api/json/stable/{endpoint}",
            content=orjson.dumps(said),
            headers={"X-Auth-Token": self.key, **headers},
        )

    async def ask(self, endpoint: str, said: Any = None, method: str = "POST") -> Any:
        answer = (await self.raw(endpoint, said, method)).json()
        assert answer["errorCode"] is None, answer
        return answer["data"]

    async def refused(self, endpoint: str, said: Any = None) -> tuple[str, int]:
        answer = await self.raw(endpoint, said)
        return answer.json()["errorCode"], answer.status_code

    async def log_in(self, username: str = "anybody") -> None:
        self.key = await self.ask("login-token", {"username": username, "token": "any"})

    async def search(self, **said: Any) -> Any:
        return await self.ask("scene-search", {"datasetName": LANDSAT, **said})

    async def options(self, dataset: str = LANDSAT, entity_id: str = SCENE) -> Any:
        return await self.ask("download-options", {"datasetName": dataset, "entityIds": entity_id})

    async def file(self, ending: str = "SR_B4.TIF") -> dict[str, str]:
        """What to ask download-request for, to have a file of the Landsat scene."""
        files = (await self.options())[0]["secondaryDownloads"]
        wanted = next(one for one in files if one["displayId"].endswith(ending))
        return {"entityId": wanted["entityId"], "productId": wanted["id"]}

    async def frame(self, entity_id: str = FRAME) -> dict[str, str]:
        """What to ask download-request for, to have a frame that is staged first."""
        (product,) = await self.options("corona2", entity_id)
        return {"entityId": entity_id, "productId": product["id"]}

    async def request(self, *downloads: dict[str, str], **said: Any) -> Any:
        return await self.ask("download-request", {"downloads": downloads, **said})

    async def minted(self, ending: str = "SR_B4.TIF") -> str:
        """The signed URL of a file."""
        answer = await self.request(await self.file(ending), label="x")
        assert list(answer["newRecords"].values()) == ["x"]
        return str(answer["availableDownloads"][0]["url"])


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
