"""From a download URL to bytes."""
