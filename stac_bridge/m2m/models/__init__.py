"""What M2M answers, as typed values."""
