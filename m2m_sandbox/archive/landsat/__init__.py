"""Landsat scenes and Analysis Ready Data tiles."""
