"""How the recurrence is divided among a GPU's processors."""

import dataclasses
from typing import Literal

import jax.numpy as jnp

Layout = Literal["stacked", "separate", "transposed"]
"""How a block computes its gates' hidden products. `stacked`: one product for all gates, whose
columns alternate between gates and are padded to four of them: least latency for few units.
`separate`: a product for every gate. `transposed`: the same with weights on the left, which keeps
products of many environments in registers."""

SIZES = (64, 128, 256)
"""Widths of the state for which there is a plan: powers of two, as blocks must be, whose weights
fit on the processors."""

_PROCESSORS = 132
"""Of an H100 or H200. With fewer or more, plans are right, but may not be the fastest."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """The shape of one launch."""

    units: int
    """How many units of the state a block computes."""
    tile: int
    """How many environments a block computes them for."""
    warps: int
    """How many groups of 32 threads a block has."""
    layout: Layout = "separate"
    """Of the forward products."""
    chunk: int = 64
    """How many units of the previous state enter a forward product at once."""
    ahead: int = 16
    """How many reads of what other blocks wrote are under way at once."""
    exact: bool = True
    """Whether products split their inputs into two parts of 11 bits each, which gives single
    precision from three products on tensor cores; otherwise the lower parts are left out."""
    interpret: bool = False
    """Whether to run by interpretation, on any device, for tests; needs one block a group."""


def has_plan(size: int, dtype: jnp.dtype) -> bool:
    """Whether the recurrence of a state with `size` units can run as one program."""
    return size in SIZES and dtype == jnp.float32


def forward_plan(members: int, environments: int, *, exact: bool) -> Plan:
    """The fastest forward plan that was measured (benchmarks/recurrence.py) for such a batch.

    **Arguments:**

    - `members`: sets of weights.
    - `environments`: for each.
    - `exact`: see `Plan`.
    """
    match _batch(members, environments):
        case "few":
            return Plan(units=16, tile=16, warps=4, layout="stacked", exact=exact)
        case "some":
            return Plan(units=32, tile=16, warps=4, chunk=32, exact=exact)
        case "many" if exact:
            return Plan(units=32, tile=64, warps=8, layout="transposed", ahead=2)
        case "many":
            return Plan(units=32, tile=64, warps=4, chunk=32, ahead=8, exact=False)


def backward_plan(members: int, environments: int, *, exact: bool) -> Plan:
    """The fastest backward plan that was measured, see `forward_plan`."""
    if _batch(members, environments) == "many":
        return Plan(units=32, tile=32, warps=8, exact=exact)
    return Plan(units=16, tile=16, warps=8, exact=exact)


def _batch(members: int, environments: int) -> Literal["few", "some", "many"]:
    tiles = members * -(-environments // 16)
    if tiles <= _PROCESSORS // 16:
        return "few"
    return "some" if environments < 64 or tiles <= 2 * (_PROCESSORS // 8) else "many"
