"""What the command line does over HTTP, and helpers for scripts."""
