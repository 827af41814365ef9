"""The endpoints of the simulated M2M API, one file for each family of endpoints."""
