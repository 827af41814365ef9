"""The HTTP API. The only package that imports FastAPI."""

from stac_bridge.api.app import create_app

__all__ = ["create_app"]
