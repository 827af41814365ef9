"""Measure what things cost. A missed target fails nothing: machines differ, ratios inside one run do not."""
