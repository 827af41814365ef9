"""The parameters of a search, from HTTP to a checked ``Search``."""
