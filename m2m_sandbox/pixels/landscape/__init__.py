"""The landscape that all pictures show."""
