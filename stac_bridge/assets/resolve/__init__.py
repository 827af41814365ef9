"""From an asset to a download URL."""
