"""Grids and halls in which a goal is hidden."""
