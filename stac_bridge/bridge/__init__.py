"""Puts the pure packages together: sends a plan's requests to M2M and returns pages, scenes and assets."""

from stac_bridge.bridge.bridge import Bridge
from stac_bridge.bridge.notices import Notices
from stac_bridge.bridge.page import Page, SceneItem, SearchCounts
from stac_bridge.bridge.resume import StoppedSearches
from stac_bridge.bridge.scene_reader import SceneReader

__all__ = ["Bridge", "Notices", "Page", "SceneItem", "SceneReader", "SearchCounts", "StoppedSearches"]
