"""CQL2: parsing, typing literals, and testing Items."""
