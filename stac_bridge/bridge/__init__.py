"""The one place that acts: it puts the pure parts together, sends what they plan to M2M, and returns the result."""

from stac_bridge.bridge.bridge import Bridge
from stac_bridge.bridge.notices import Notices
from stac_bridge.bridge.page import Found, Page, Sought
from stac_bridge.bridge.scene_reader import SceneReader

__all__ = ["Bridge", "Found", "Notices", "Page", "SceneReader", "Sought"]
