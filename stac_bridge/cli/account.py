"""An M2M client for commands that call M2M directly, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from stac_bridge.cli.commands.sandbox import EMBEDDED_M2M_URL, EMBEDDED_ORIGIN
from stac_bridge.extras import require_extra
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import build_session

if TYPE_CHECKING:
    from stac_bridge.settings import Settings


def m2m_client(settings: Settings) -> M2MClient:
    """A client for the account of the settings; without one, for a sandbox inside this process.

    Raises BadRequest if that needs the extra of the sandbox, and it is not installed.
    """
    if not settings.embeds_sandbox:
        token = settings.m2m_token.get_secret_value()
        return M2MClient(
            build_session(str(settings.m2m_url), settings.m2m_username, token, timeout=settings.m2m_timeout)
        )
    require_extra(
        "sandbox", "Without an account this command", "set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN"
    )
    from m2m_sandbox import create_sandbox

    transport = httpx.ASGITransport(create_sandbox(base_url=EMBEDDED_ORIGIN))
    return M2MClient(build_session(EMBEDDED_M2M_URL, "sandbox", "sandbox", transport=transport))
