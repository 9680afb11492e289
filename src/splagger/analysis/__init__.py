"""What sequence models do to the past: gradients, order, signal and noise. Draws nothing."""
