"""When a satellite passes which place."""
