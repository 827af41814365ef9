"""What the account may do, which M2M is asked until it has told."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal

from stac_bridge.errors import UpstreamError, UpstreamLogin
from stac_bridge.request_context import request_deadline

if TYPE_CHECKING:
    from stac_bridge.m2m.client import M2MClient

__all__ = ["Account", "Role"]

_log = logging.getLogger(__name__)

SEARCH_ONLY = "The USGS account of this server may search but not download; USGS grants its MACHINE role on request."
"""What assets carry under an account without the role that downloads need [REFERENCE §9]."""

ASK_AGAIN = 300.0
"""Seconds until the account's roles are asked for again, where M2M did not tell them."""

Role = Literal["search-only", "download", "unknown"]
"""What the account may do, as far as M2M has told."""


class Account:
    """The account's role, ``unknown`` until ``know`` has heard it."""

    def __init__(self, m2m: M2MClient) -> None:
        self._m2m = m2m
        self.role: Role = "unknown"

    @property
    def unavailable(self) -> str | None:
        """Why no file can be fetched, where that is known."""
        return SEARCH_ONLY if self.role == "search-only" else None

    async def know(self, deadline: float) -> None:
        """Ask until M2M tells; no asking takes more than ``deadline`` seconds."""
        while True:
            await self._look(deadline)
            if self.role != "unknown":
                return
            await asyncio.sleep(ASK_AGAIN)

    async def _look(self, deadline: float) -> None:
        """Say plainly, and at once, when the account does not work or can only search."""
        try:
            with request_deadline(deadline):
                roles = await self._m2m.permissions()
        except UpstreamLogin as refused:
            _log.error("USGS refuses the M2M account: %s", refused)
        except UpstreamError as failed:
            _log.warning("M2M does not answer yet: %s", failed)
        else:
            self.role = "download" if "download" in roles else "search-only"
            if self.role == "search-only":
                _log.warning("The M2M account may search but not download: hrefs will answer why.")
