"""Speaks M2M; has never heard of STAC."""
