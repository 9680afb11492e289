"""Encoders: the parts of sequence models that may depend on order."""
