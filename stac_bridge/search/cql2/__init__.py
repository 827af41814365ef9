"""CQL2 filters: parse them, type their literals, and test Items against them."""
