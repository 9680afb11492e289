"""Environments that are stepped by Python on the host, such as those of Gymnasium."""
