"""The synthetic landscape that all images show."""
