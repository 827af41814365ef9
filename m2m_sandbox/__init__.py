"""A pretend M2M with pictures behind it; it shares no code with what it tests."""

from m2m_sandbox.app import Sandbox, create_sandbox

__all__ = ["Sandbox", "create_sandbox"]
