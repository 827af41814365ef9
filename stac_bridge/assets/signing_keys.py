"""The keys that hrefs are signed with: those configured, else one that is made and kept."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from typing import TYPE_CHECKING

from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["load_keys"]

_log = logging.getLogger(__name__)

SHORTEST_KEY = 16
"""Characters; a shorter configured key is refused."""


def load_keys(configured: Sequence[str], data_dir: Path) -> tuple[bytes, ...]:
    """The configured keys; where there are none, one that is made once and kept in the data folder.

    Raises BridgeError for a configured key that is too short to keep a secret.
    """
    if not configured:
        return (_kept_key(data_dir / "signing.key"),)
    if any(len(key) < SHORTEST_KEY for key in configured):
        raise BridgeError(f"STAC_BRIDGE_SIGNING_KEYS: each key has at least {SHORTEST_KEY} characters; one is shorter.")
    return tuple(key.encode() for key in configured)


def _kept_key(path: Path) -> bytes:
    try:
        return _read_key(path) or _make_key(path)
    except OSError as refused:
        _log.warning("No signing key can be kept in %s (%s): hrefs end with this process.", path.parent, refused)
        return secrets.token_hex(32).encode()


def _read_key(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip() or None
    except FileNotFoundError:
        return None


def _make_key(path: Path) -> bytes:
    """Written whole under another name, then linked: of several processes at once, the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # of mode 600
        file.write(secrets.token_hex(32).encode())
        file.flush()
        try:
            os.link(file.name, path)
        except FileExistsError:
            pass
        else:
            _log.info("A key that signs hrefs was made and is kept in %s.", path)
    return path.read_bytes().strip()
