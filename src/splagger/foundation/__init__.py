"""Errors, settings, precision and running statistics: what every other room stands on."""
