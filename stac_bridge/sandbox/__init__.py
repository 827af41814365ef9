"""A pretend M2M with pictures behind it; it shares no code with what it tests."""

from stac_bridge.sandbox.app import Sandbox, create_sandbox

__all__ = ["Sandbox", "create_sandbox"]
