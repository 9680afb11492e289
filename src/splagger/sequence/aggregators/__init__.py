"""Aggregators: running combinations of a sequence that ignore its order."""
