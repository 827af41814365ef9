"""The keys that sign hrefs: those of the settings, otherwise one that is generated and stored."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from stac_bridge.errors import BridgeError

_log = logging.getLogger(__name__)

MIN_KEY_LENGTH = 16
"""Characters; a shorter configured key is refused."""


def load_keys(configured: Sequence[str], data_dir: Path) -> tuple[bytes, ...]:
    """Return the configured keys; if there are none, a key that is generated once and stored in the data folder.

    Raises BridgeError if a configured key is too short to be a secret.
    """
    if not configured:
        return (_stored_key(data_dir / "signing.key"),)
    if any(len(key) < MIN_KEY_LENGTH for key in configured):
        raise BridgeError(
            f"STAC_BRIDGE_SIGNING_KEYS: each key has at least {MIN_KEY_LENGTH} characters; one is shorter."
        )
    return tuple(key.encode() for key in configured)


def _stored_key(path: Path) -> bytes:
    try:
        return _read_key(path) or _make_key(path)
    except OSError as error:
        _log.warning(
            "The signing key cannot be stored in %s (%s): hrefs become invalid when this process ends.",
            path.parent,
            error,
        )
        return secrets.token_hex(32).encode()


def _read_key(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip() or None
    except FileNotFoundError:
        return None


def _make_key(path: Path) -> bytes:
    """Generate and store a key; if several processes do so at once, all of them return the first one's.

    The key is written completely under a temporary name and then linked: linking is atomic, and fails if the file
    exists.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # created with mode 600
        file.write(secrets.token_hex(32).encode())
        file.flush()
        try:
            os.link(file.name, path)
        except FileExistsError:
            pass
        else:
            _log.info("Generated a key that signs hrefs; it is stored in %s.", path)
    return path.read_bytes().strip()
