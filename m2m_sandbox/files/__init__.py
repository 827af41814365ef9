"""The hosts that download URLs point to, and the files that they serve."""
