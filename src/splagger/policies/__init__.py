"""Policies and value functions conditioned on the latent."""
