"""Continuous control: walking bodies simulated by MuJoCo, on the processor or by MJX on a GPU."""
