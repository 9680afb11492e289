"""The host side of training: run directories, checkpoints, progress and the loop around them."""
