"""The precision of matrix products."""

from contextlib import AbstractContextManager
from typing import Literal

import jax

Precision = Literal["float32", "tensorfloat32", "bfloat16"]
"""`float32`: full single precision. `tensorfloat32`, `bfloat16`: products on recent GPUs round
their inputs to 10 or 7 bits of mantissa and are several times faster; CPUs ignore both."""


def matrix_product_precision(precision: Precision) -> AbstractContextManager[None]:
    """Within this context, products are compiled for the given precision.

    Parity with other implementations, and the equality of acting and recomputation to rounding,
    hold at `float32` only: jax by itself may choose a lower precision on a GPU.
    """
    return jax.default_matmul_precision(precision)
