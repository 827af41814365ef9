"""What several benchmarks use. Each module beside this folder is a benchmark; none of these is."""
