"""A simulated M2M service that also serves the scenes' files; it shares no code with ``stac_bridge``."""

from m2m_sandbox.app import Sandbox, create_sandbox

__all__ = ["Sandbox", "create_sandbox"]
