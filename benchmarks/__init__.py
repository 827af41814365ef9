"""What things cost, printed and never asserted: machines differ, ratios inside one run do not."""
