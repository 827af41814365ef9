"""A sandbox with a logged-in client, and the clock of both."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from m2m_sandbox import create_sandbox
from tests.unit.m2m_sandbox.sandbox_client import Clock, SandboxClient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[SandboxClient]:
    sandbox_client = SandboxClient(create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=60))
    await sandbox_client.log_in()
    yield sandbox_client
    await sandbox_client.http.aclose()
