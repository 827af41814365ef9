"""M2M's responses as typed values."""
