"""Where a search continues, and how many scenes to request next."""
