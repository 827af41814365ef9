"""A sandbox with a logged-in client, and the clock of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from m2m_sandbox import create_sandbox
from tests.unit.m2m_sandbox.sandbox_client import Clock, SandboxClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make unit` is for the bridge: of the sandbox it runs the doctests only."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[SandboxClient]:
    sandbox_client = SandboxClient(create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=60))
    await sandbox_client.log_in()
    yield sandbox_client
    await sandbox_client.http.aclose()
