"""Servers for the whole session: as a newcomer starts it, and on what M2M really lists."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from stac_bridge.cli.garbage_collection import tune_garbage_collection
from tests.recorded_m2m import ALL_GROUPS, EE, RecordedServer, serving_recorded
from tests.serving import started
from tests.support import LONG, TIMEOUT_FACTOR

# read by pytest-timeout, before its value in pyproject.toml
os.environ.setdefault("PYTEST_TIMEOUT", str(120 * TIMEOUT_FACTOR))


# A random failure must not stop a change that did not cause it: the usual runs draw the same examples each time. The
# long ones draw others each time, and print how to repeat a failure.
hypothesis.settings.register_profile("usual", derandomize=True, deadline=None)
hypothesis.settings.register_profile("long", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("long" if LONG else "usual")


def pytest_collection_finish() -> None:
    """Modules and tests stay: looking through them again and again for what is garbage took a tenth of the time."""
    tune_garbage_collection()


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``stac-bridge serve`` without any setting: on the embedded sandbox."""
    with started("serve", tmp_path_factory.mktemp("serve")) as (address, _log):
        yield address


@pytest.fixture(
    scope="session", params=[EE, pytest.param(ALL_GROUPS, marks=pytest.mark.long)], ids=["EE", "all groups"]
)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedServer]:
    """A server on the recorded catalog, first with its group EE, then with all groups."""
    with serving_recorded(tmp_path_factory.mktemp("recorded"), *request.param) as server:
        yield server
