"""The Memory & Planning Game."""
