"""The checks of ``stac-bridge doctor`` that need only this machine and the store; M2M is not called."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stac_bridge.assets import load_keys
from stac_bridge.errors import BridgeError
from stac_bridge.extras import is_installed
from stac_bridge.mapping import load_mappings
from stac_bridge.store import check_redis, is_shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stac_bridge.settings import Settings

MIN_FREE = 100 * 2**20
"""Bytes of free disk space below which the server should not be started."""


class State(StrEnum):
    """Outcome of a check."""

    ok = "ok"
    wrong = "wrong"
    skipped = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check; ``text`` is a sentence, which says what to change if the state is wrong."""

    name: str
    state: State
    text: str


def local_checks(settings: Settings) -> Iterator[CheckResult]:
    """Runs all checks of this machine and the store."""
    yield _account(settings)
    yield _mappings(settings)
    yield _keys(settings)
    yield _folder(settings)
    yield asyncio.run(_store(settings))


def _account(settings: Settings) -> CheckResult:
    if settings.embeds_sandbox:
        if not is_installed("sandbox"):
            return CheckResult(
                "account",
                State.wrong,
                "No account is set, and the sandbox is not installed: set STAC_BRIDGE_M2M_USERNAME and "
                "STAC_BRIDGE_M2M_TOKEN, or run pip install 'stac-bridge[sandbox]'.",
            )
        return CheckResult("account", State.ok, "No account is set: the server uses the embedded sandbox.")
    if not settings.m2m_username or not settings.m2m_token.get_secret_value():
        return CheckResult(
            "account", State.wrong, "Set both STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN, or neither."
        )
    return CheckResult("account", State.ok, f"An account is set, for {settings.m2m_url.host}.")


def _mappings(settings: Settings) -> CheckResult:
    try:
        mappings = load_mappings(settings.mappings)
    except BridgeError as error:
        return CheckResult("mappings", State.wrong, str(error))
    count = len(mappings.by_dataset) + len(mappings.by_pattern)
    overlay = f", including those in {settings.mappings}" if settings.mappings else ""
    return CheckResult("mappings", State.ok, f"{count} mappings and {len(mappings.unions)} unions are valid{overlay}.")


def _keys(settings: Settings) -> CheckResult:
    keys = [key.get_secret_value() for key in settings.signing_keys]
    if not keys:
        source = "the first start creates a key in the data folder; servers on several machines need a common one"
        return CheckResult("signing keys", State.ok, f"STAC_BRIDGE_SIGNING_KEYS is empty: {source}.")
    try:
        load_keys(keys, settings.data_dir)
    except BridgeError as error:
        return CheckResult("signing keys", State.wrong, str(error))
    return CheckResult("signing keys", State.ok, f"{len(keys)} set: the first one signs, all of them verify.")


def _folder(settings: Settings) -> CheckResult:
    """Checks the data folder without creating it or leaving a file in it."""
    folder, name = settings.data_dir, "data folder"
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not (existing.is_dir() and _is_writable(existing)):
        return CheckResult(name, State.wrong, f"{folder} is not writable; set STAC_BRIDGE_DATA_DIR to another folder.")
    free = shutil.disk_usage(existing).free
    if free < MIN_FREE:
        return CheckResult(name, State.wrong, f"{folder} has only {_size(free)} of free disk space; free some.")
    exceeds = free < settings.spool_bytes
    note = f"; STAC_BRIDGE_SPOOL_BYTES allows {_size(settings.spool_bytes)}, which is more" if exceeds else ""
    return CheckResult(name, State.ok, f"{folder} is writable, {_size(free)} are free{note}.")


def _is_writable(folder: Path) -> bool:
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        # Read-only and full file systems pass the test of permissions.
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"


async def _store(settings: Settings) -> CheckResult:
    try:
        if not is_shared(settings.store):
            return CheckResult("store", State.ok, "The cache is in the process's own memory: run a single worker.")
        await check_redis(settings.store, stores=True)
    except BridgeError as error:
        return CheckResult("store", State.wrong, str(error))
    return CheckResult("store", State.ok, "The Redis of STAC_BRIDGE_STORE responds and stores values.")
