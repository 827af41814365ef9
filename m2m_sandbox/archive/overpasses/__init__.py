"""When a satellite passes over which place."""
