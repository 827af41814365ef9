"""A scene as the properties, footprint and grid of an Item."""
