"""A sandbox, somebody who asks it, and the clock that both go by."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from m2m_sandbox import create_sandbox
from tests.unit.m2m_sandbox.asking import Asker, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def asker(clock: Clock) -> AsyncIterator[Asker]:
    found = Asker(create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=60))
    await found.log_in()
    yield found
    await found.http.aclose()
