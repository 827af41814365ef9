"""The sandbox's datasets and their scenes."""
