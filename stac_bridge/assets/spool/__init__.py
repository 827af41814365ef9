"""A bounded disk cache of files from hosts without Range."""
