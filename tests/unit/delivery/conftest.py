"""What holds for all tests of delivery: nobody waits between two askings of a host."""

from __future__ import annotations

import pytest

from stac_bridge.delivery import reading


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAUSE", 0.001)
