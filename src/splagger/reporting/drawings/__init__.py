"""Depictions of the environments and of the architectures."""
