"""A live STAC API over the USGS/EROS Machine-to-Machine (M2M) archive."""

__version__ = "0.1.0"
