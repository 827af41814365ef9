"""What ``stac-bridge doctor`` checks."""
