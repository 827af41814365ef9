"""The M2M account of the settings, for commands that ask M2M themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import build_session

if TYPE_CHECKING:
    from stac_bridge.settings import Settings

__all__ = ["m2m_client"]

_PRETEND_URL = "http://sandbox.invalid/api/api/json/stable/"


def m2m_client(settings: Settings) -> M2MClient:
    """A client under the account of the settings; of a sandbox within this process where none is set."""
    if not settings.embeds_sandbox:
        token = settings.m2m_token.get_secret_value()
        return M2MClient(
            build_session(str(settings.m2m_url), settings.m2m_username, token, timeout=settings.m2m_timeout)
        )
    from m2m_sandbox import create_sandbox

    transport = httpx.ASGITransport(create_sandbox(base_url="http://sandbox.invalid"))
    return M2MClient(build_session(_PRETEND_URL, "sandbox", "sandbox", transport=transport))
