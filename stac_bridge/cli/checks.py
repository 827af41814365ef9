"""What ``stac-bridge doctor`` looks at on this machine: each check is a sentence, and M2M is not asked."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stac_bridge.delivery import load_keys
from stac_bridge.errors import BridgeError
from stac_bridge.extras import is_installed
from stac_bridge.mapping import load_mappings
from stac_bridge.store import is_shared, reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stac_bridge.settings import Settings

__all__ = ["Finding", "State", "at_rest"]

LEAST_FREE = 100 * 2**20
"""Bytes of disk without which the server is better not started."""


class State(StrEnum):
    """How a check ended."""

    ok = "ok"
    wrong = "wrong"
    skipped = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what was found, in a sentence that says what to do where it is wrong."""

    name: str
    state: State
    said: str


def at_rest(settings: Settings) -> Iterator[Finding]:
    """All checks that ask nobody but this machine and the store."""
    yield _account(settings)
    yield _mappings(settings)
    yield _keys(settings)
    yield _folder(settings)
    yield asyncio.run(_store(settings))


def _account(settings: Settings) -> Finding:
    if settings.embeds_sandbox:
        if not is_installed("sandbox"):
            missing = "No account is set, and the sandbox is not installed: set STAC_BRIDGE_M2M_USERNAME and"
            instead = "STAC_BRIDGE_M2M_TOKEN, or run pip install 'stac-bridge[sandbox]'."
            return Finding("account", State.wrong, f"{missing} {instead}")
        return Finding("account", State.ok, "No account is set: the embedded sandbox serves.")
    if not settings.m2m_username or not settings.m2m_token.get_secret_value():
        return Finding(
            "account", State.wrong, "Set both STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN, or neither."
        )
    return Finding("account", State.ok, f"An account is set, for {settings.m2m_url.host}.")


def _mappings(settings: Settings) -> Finding:
    try:
        found = load_mappings(settings.mappings)
    except BridgeError as broken:
        return Finding("mappings", State.wrong, str(broken))
    count = len(found.by_dataset) + len(found.by_pattern)
    laid = f", with those of {settings.mappings} laid over them" if settings.mappings else ""
    return Finding("mappings", State.ok, f"{count} mappings and {len(found.unions)} unions can be read{laid}.")


def _keys(settings: Settings) -> Finding:
    given = [key.get_secret_value() for key in settings.signing_keys]
    if not given:
        where = "a key is made at the first start and kept in the data folder; several machines need one they share"
        return Finding("signing keys", State.ok, f"STAC_BRIDGE_SIGNING_KEYS is empty: {where}.")
    try:
        load_keys(given, settings.data_dir)
    except BridgeError as short:
        return Finding("signing keys", State.wrong, str(short))
    return Finding("signing keys", State.ok, f"{len(given)} given: the first signs, all verify.")


def _folder(settings: Settings) -> Finding:
    """Nothing is left behind, and no folder is made."""
    folder = settings.data_dir
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not (there.is_dir() and _is_writable(there)):
        return Finding("data folder", State.wrong, f"{folder} cannot be written; name another in STAC_BRIDGE_DATA_DIR.")
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        return Finding("data folder", State.wrong, f"{folder} has only {_size(free)} of disk left; make room.")
    short = free < settings.spool_bytes
    more = f"; STAC_BRIDGE_SPOOL_BYTES allows {_size(settings.spool_bytes)}, which is more" if short else ""
    return Finding("data folder", State.ok, f"{folder} can be written, {_size(free)} are free{more}.")


def _is_writable(folder: Path) -> bool:
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"


async def _store(settings: Settings) -> Finding:
    try:
        if not is_shared(settings.store):
            return Finding("store", State.ok, "The process keeps what it knows in its own memory: run one worker.")
        await reach(settings.store)
    except BridgeError as away:
        return Finding("store", State.wrong, str(away))
    return Finding("store", State.ok, "The Redis of STAC_BRIDGE_STORE answers.")
