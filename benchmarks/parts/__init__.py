"""The parts of the benchmark suite: each yields rows about one thing."""
