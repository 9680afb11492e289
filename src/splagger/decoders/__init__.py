"""Decoders: what a latent says of rewards, observations and the task."""
