"""The file hosts behind download URLs."""
