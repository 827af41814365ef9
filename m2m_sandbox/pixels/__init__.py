"""What the sandbox's files show."""
