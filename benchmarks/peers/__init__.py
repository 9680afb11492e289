"""What others would use: the same computed in another way, to compare with."""
