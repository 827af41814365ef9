"""What ``stac-bridge mappings`` does."""
