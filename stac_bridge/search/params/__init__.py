"""HTTP parameters of a search."""
