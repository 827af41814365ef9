"""The download queue: products, quotas and the states of a download."""
