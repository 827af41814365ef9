"""The server within this process that the API's tests have, too."""

from __future__ import annotations

from tests.api.conftest import here

__all__ = ["here"]
