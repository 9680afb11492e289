"""The GRU's recurrence over a whole sequence as one program on a GPU, forward and backward."""
