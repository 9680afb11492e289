"""Maxima and divisions, and their straight-through variants, whose gradients are those of a sum.

AMRL (Beck et al. 2020) lets the gradient of a maximum pass to both of its arguments, and ignores
the divisor of a division, so that a gradient reaches every step of a trial undiminished. The values
are those of the plain operations.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def maximum(
    first: Float[Array, "..."], second: Float[Array, "..."], *, straight_through: bool
) -> Float[Array, "..."]:
    """The element-wise maximum of two arrays of one shape.

    Its gradient goes to the larger one, in halves to both where they are equal (Q31); with
    `straight_through`, whole to both.
    """
    return _maximum(first, second) if straight_through else jnp.maximum(first, second)


def divide(
    numerator: Float[Array, "*batch size"],
    divisor: Float[Array, "*batch _"],
    *,
    straight_through: bool,
) -> Float[Array, "*batch size"]:
    """The quotient; the divisor has as many features or one.

    With `straight_through` the gradient reaches the numerator unscaled and the divisor not at all.
    """
    if straight_through:
        return _divide_straight_through(numerator, divisor)
    return _divide(numerator, divisor)


@jax.custom_jvp
def _maximum(first, second):
    return jnp.maximum(first, second)


@_maximum.defjvp
def _maximum_tangent(primals, tangents):
    return _maximum(*primals), tangents[0] + tangents[1]


@jax.custom_jvp
def _divide(numerator, divisor):
    return numerator / divisor


@_divide.defjvp
def _divide_tangent(primals, tangents):
    # Without the divisor's square, which underflows where exponential weights are small.
    quotient = _divide(*primals)
    return quotient, (tangents[0] - quotient * tangents[1]) / primals[1]


@jax.custom_jvp
def _divide_straight_through(numerator, divisor):
    return numerator / divisor


@_divide_straight_through.defjvp
def _divide_straight_through_tangent(primals, tangents):
    return _divide_straight_through(*primals), tangents[0]
