"""The application of one of several server processes. ``stac-bridge serve`` has checked the settings already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stac_bridge.cli.garbage_collection import tune_garbage_collection
from stac_bridge.cli.output.log import log_to_stderr
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def worker() -> ASGIApp:
    """Builds the application from the environment. Starts without Redis, which may come back later."""
    from stac_bridge.api import create_app

    settings = Settings()
    log_to_stderr(settings)
    app = create_app(settings)
    tune_garbage_collection()
    return app
