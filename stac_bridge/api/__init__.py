"""HTTP: the only place that imports FastAPI."""

from stac_bridge.api.app import create_app

__all__ = ["create_app"]
