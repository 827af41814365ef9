"""The M2M client. It knows nothing of STAC."""
