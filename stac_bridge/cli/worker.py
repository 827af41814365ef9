"""One of several processes that serve; ``stac-bridge serve`` has looked at the settings before it starts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stac_bridge.cli.garbage_collection import collect_rarely
from stac_bridge.cli.log import log_to_stderr
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["worker"]


def worker() -> ASGIApp:
    """The server, from the settings in the environment. A Redis that is away now may come back later."""
    from stac_bridge.api import create_app

    settings = Settings()
    log_to_stderr(settings)
    app = create_app(settings)
    collect_rarely()
    return app
