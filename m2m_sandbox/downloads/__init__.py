"""The download queue: options, products, quotas and states."""
