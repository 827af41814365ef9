"""The endpoints of the pretend M2M, a file for each family."""
