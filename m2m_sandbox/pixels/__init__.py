"""What a file shows."""
