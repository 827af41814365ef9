"""A bridge on the recorded M2M, listening on a port of its own in a thread of the test process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from stac_bridge.api import create_app
from stac_bridge.settings import Settings
from tests.recorded_m2m.app import RecordedM2M
from tests.serving import until

__all__ = ["RecordedServer", "serving_recorded"]

Json = dict[str, Any]


@dataclass(frozen=True)
class RecordedServer:
    """A server whose M2M is ``m2m``; ``groups`` are the catalog groups that it serves."""

    address: str
    m2m: RecordedM2M
    groups: tuple[str, ...]
    http: httpx.Client

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """The response to a GET of a path here, or of a whole address."""
        return self.http.get(path, params=parameters or None)

    def post(self, path: str, body: Any) -> httpx.Response:
        """The response to a POST of this JSON."""
        return self.http.post(path, json=body)

    def pages(self, path: str, **parameters: Any) -> Iterator[Json]:
        """Every page from a GET on, by following its next links."""
        href = str(self.http.build_request("GET", path, params=parameters or None).url)
        while href:
            page: Json = self.get(href).raise_for_status().json()
            yield page
            href = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")

    @property
    def names(self) -> list[str]:
        """The aliases of the datasets that it serves."""
        return self.m2m.recorded.names(*self.groups)


@contextlib.contextmanager
def serving_recorded(folder: Path, *groups: str, **settings: Any) -> Iterator[RecordedServer]:
    """A server with the catalog groups ``groups``. At its end, M2M must have understood every request."""
    m2m = RecordedM2M()
    chosen = Settings(
        **{
            "m2m_url": "http://m2m.test/api/api/json/stable/",
            "m2m_username": "someone",
            "m2m_token": "a-token",
            "data_dir": folder,
            "signing_keys": "0123456789abcdef0123",
            "catalogs": ",".join(groups),
            **settings,
        }
    )
    app = create_app(chosen, transport=m2m.transport)
    with (
        socket.create_server(("127.0.0.1", 0)) as place,
        httpx.Client(base_url=f"http://127.0.0.1:{place.getsockname()[1]}", timeout=60) as client,
    ):
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, name="recorded")
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            yield RecordedServer(str(client.base_url).rstrip("/"), m2m, groups, client)
        finally:
            server.should_exit = True
            thread.join(20)
    assert m2m.complaints == []
