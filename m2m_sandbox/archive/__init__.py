"""What exists: datasets and their scenes."""
