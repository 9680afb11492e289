"""Statistics of few runs: aggregates, their bootstrap intervals, and comparisons."""
