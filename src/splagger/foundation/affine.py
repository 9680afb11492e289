"""Affine maps, whose composition is associative: a recurrence of them takes few parallel rounds."""

from jaxtyping import Array, Float

AffineMap = tuple[Float[Array, "..."], Float[Array, "..."]]
"""The map `h -> decay * h + value`, element by element, as the pair (decay, value)."""


def compose(first: AffineMap, second: AffineMap) -> AffineMap:
    """The affine map that applies `first`, then `second`."""
    decay, value = second
    return first[0] * decay, first[1] * decay + value
