"""A report of runs: one HTML page that needs nothing but a browser."""
