"""Pure functions that collect experience and learn from it."""
