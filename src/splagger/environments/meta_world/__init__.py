"""Meta-World's benchmarks of robot arms (Yu et al. 2020), stepped on the host."""
