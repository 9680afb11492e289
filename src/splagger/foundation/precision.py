"""The precision of matrix products."""

from contextlib import AbstractContextManager
from typing import Literal

import jax

Precision = Literal["float32", "tensorfloat32"]
"""`float32`: full single precision. `tensorfloat32`: products on recent NVIDIA GPUs round their
inputs to 10 bits of mantissa and are several times faster; CPUs ignore it."""


def matrix_product_precision(precision: Precision) -> AbstractContextManager[None]:
    """Within this context, products are compiled for the given precision.

    Parity with other implementations, and the equality of acting and recomputation to rounding,
    hold at `float32` only: jax by itself may choose a lower precision on a GPU.
    """
    return jax.default_matmul_precision(precision)
