"""What observations and actions may be: a box of real numbers, or one of n choices."""

import math

import equinox as eqx

from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError


class Box(eqx.Module):
    """Real arrays of one shape, each entry between a lower and an upper bound.

    Nothing is clipped to the bounds: they describe, and an environment decides what an action
    outside of them does.

    **Raises:** `UserError` where the bounds do not fit the shape or a lower bound is above its
    upper bound.
    """

    low: float | int | tuple[float | int, ...] = eqx.field(static=True)
    """Lower bound of every entry, or one for each entry (flattened). `-inf` is allowed."""
    high: float | int | tuple[float | int, ...] = eqx.field(static=True)
    """Upper bound of every entry, or one for each entry (flattened). `inf` is allowed."""
    shape: tuple[int, ...] = eqx.field(static=True)
    """Shape of the arrays. Observations and actions of an `Environment` are vectors: `(n,)`."""

    def __check_init__(self) -> None:
        for name, bound in (("low", self.low), ("high", self.high)):
            if isinstance(bound, tuple) and len(bound) != self.size:
                raise UserError(
                    f"{name} of a Box of shape {self.shape} has {len(bound)} bounds; "
                    f"it must be one number or {self.size} of them."
                )
        if any(low > high for low, high in zip(*self.bounds, strict=True)):
            raise UserError(
                f"low of a Box must not be above high, but low is {self.low} and high {self.high}."
            )

    @property
    def size(self) -> int:
        """How many numbers one array has."""
        return math.prod(self.shape)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The lower and the upper bounds, each with one number for every entry (flattened)."""
        return _spread(self.low, self.size), _spread(self.high, self.size)


class Discrete(eqx.Module):
    """One of the integers 0 to n - 1.

    **Raises:** `UserError` where n is below 1.
    """

    n: int = eqx.field(static=True)
    """How many choices there are, at least 1."""

    def __check_init__(self) -> None:
        check_at_least("n of a Discrete space", self.n, 1)


def _spread(bound: float | int | tuple[float | int, ...], size: int) -> tuple[float, ...]:
    return tuple(map(float, bound if isinstance(bound, tuple) else (bound,) * size))
