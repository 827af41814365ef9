"""A server as a newcomer starts it, for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stac_bridge.cli.garbage import collect_rarely
from tests.serving import started


def pytest_collection_finish() -> None:
    """Modules and tests stay: looking through them again and again for what is garbage took a tenth of the time."""
    collect_rarely()


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``stac-bridge serve`` without any setting: on the embedded sandbox."""
    with started("serve", tmp_path_factory.mktemp("serve")) as (address, _log):
        yield address
