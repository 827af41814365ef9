"""CQL2 filter × mapping → the narrowest scene filter that loses no scene."""
