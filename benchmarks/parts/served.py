"""A server on a sandbox, in this process."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from m2m_sandbox import create_sandbox
from stac_bridge.api import create_app
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.session import Backoff
from stac_bridge.settings import Settings

ORIGIN = "http://sandbox.test"
M2M = f"{ORIGIN}/api/api/json/stable/"


@asynccontextmanager
async def sandboxed(
    transport: httpx.AsyncBaseTransport | None = None,
    backoff: Backoff | None = None,
    breaker: Breaker | None = None,
    **settings: Any,
) -> AsyncIterator[FastAPI]:
    """Start the app, on the sandbox behind ``transport``, or on its own sandbox."""
    inner = transport or httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
    with tempfile.TemporaryDirectory() as folder:
        app_settings = Settings(
            **{"m2m_url": M2M, "m2m_username": "bench", "m2m_token": "token", "data_dir": Path(folder), **settings}
        )
        app = create_app(
            app_settings,
            transport=inner,
            download_transport=inner,
            own_origin=ORIGIN,
            backoff=backoff,
            breaker=breaker,
        )
        async with app.router.lifespan_context(app):
            yield app
