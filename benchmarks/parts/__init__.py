"""Code shared by several benchmarks. Each module beside this folder is a benchmark; the modules in it are not."""
