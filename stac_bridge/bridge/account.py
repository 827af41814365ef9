"""What the M2M account may do, requested until M2M answers, and from time to time after that."""

from __future__ import annotations

import asyncio
import logging
from typing import Literal

from stac_bridge.errors import UpstreamError, UpstreamLogin
from stac_bridge.m2m.client import M2MClient
from stac_bridge.request_context import request_deadline

_log = logging.getLogger(__name__)

SEARCH_ONLY = "The USGS account of this server may search but not download; USGS grants its MACHINE role on request."
"""The reason in assets under an account without the role that downloads need [REFERENCE §9]."""

RETRY_INTERVAL = 300.0
"""Seconds until the account's permissions are requested again if M2M did not answer."""

REFRESH_INTERVAL = 6 * 3600.0
"""Seconds until known permissions are requested again: USGS grants the role after days; it expires [REFERENCE §9]."""

Role = Literal["search-only", "download", "unknown"]
"""What the account may do; ``unknown`` until M2M has answered."""


class Account:
    """The role of the M2M account, ``unknown`` until M2M has answered."""

    def __init__(self, m2m: M2MClient) -> None:
        self._m2m = m2m
        self.role: Role = "unknown"

    @property
    def unavailable(self) -> str | None:
        """Why no file can be downloaded, if that is known."""
        return SEARCH_ONLY if self.role == "search-only" else None

    async def refresh_forever(self, deadline: float) -> None:
        """Keep the role up to date; each request may take ``deadline`` seconds."""
        while True:
            await self.refresh(deadline)
            await asyncio.sleep(RETRY_INTERVAL if self.role == "unknown" else REFRESH_INTERVAL)

    async def refresh(self, deadline: float) -> None:
        """Request the permissions; without an answer the role stays as it is.

        Logs at once if the account does not work or may only search, so that an operator sees it at start.
        """
        try:
            with request_deadline(deadline):
                roles = await self._m2m.permissions()
        except UpstreamLogin as error:
            _log.error("USGS refuses the M2M account: %s", error)
        except UpstreamError as error:
            _log.warning("M2M does not answer yet: %s", error)
        else:
            before, self.role = self.role, "download" if "download" in roles else "search-only"
            if self.role == "search-only" and before != self.role:
                _log.warning("The M2M account may search but not download: hrefs will answer why.")
            elif before == "search-only" and before != self.role:
                _log.info("USGS has granted the M2M account the role that downloads need.")
