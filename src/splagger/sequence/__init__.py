"""Sequence models: from transitions to the latent that conditions the policy."""
