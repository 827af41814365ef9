"""The M2M account of the settings, for commands that ask M2M themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from stac_bridge.extras import require_extra
from stac_bridge.m2m.client import M2MClient

if TYPE_CHECKING:
    from stac_bridge.settings import Settings

__all__ = ["m2m_client"]

_PRETEND_URL = "http://sandbox.invalid/api/api/json/stable/"


def m2m_client(settings: Settings) -> M2MClient:
    """A client under the account of the settings; of a sandbox within this process where none is set.

    Raises BridgeError if that needs the extra of the sandbox, and it is not installed.
    """
    if not settings.embeds_sandbox:
        token = settings.m2m_token.get_secret_value()
        return M2MClient(str(settings.m2m_url), settings.m2m_username, token, timeout=settings.m2m_timeout)
    require_extra(
        "sandbox", "Without an account this command", "set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN"
    )
    from stac_bridge.sandbox import create_sandbox

    transport = httpx.ASGITransport(create_sandbox(base_url="http://sandbox.invalid"))
    return M2MClient(_PRETEND_URL, "sandbox", "sandbox", transport=transport)
