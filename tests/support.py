"""What several tests need: where the shared material is, and an M2M that answers from a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.m2m.client import Backoff, M2MClient

SHARED = Path(__file__).resolve().parents[2] / "shared"
FIXTURES = Path(__file__).resolve().parent / "contract" / "fixtures"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared material is not beside this clone")

Answer = httpx.Response | Exception | Callable[[httpx.Request], Any]


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


def m2m_client(script: Script, *, timeout: float = 5, attempts: int = 4, username: str = "someone") -> M2MClient:
    """A client that meets the script, and does not dawdle between attempts."""
    script._answers.setdefault("login-token", [says("key")])
    return M2MClient(
        "http://m2m.test/api/api/json/stable/",
        username,
        "a-token",
        timeout=timeout,
        transport=httpx.MockTransport(script),
        backoff=Backoff(attempts=attempts, first=0.01, most=0.02),
    )
