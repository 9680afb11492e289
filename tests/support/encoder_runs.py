"""Encoders stepped and unrolled, with the gradients of what comes out."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from splagger.sequence.encoders.encoder import Encoder, EncoderState
from splagger.sequence.starts import select_start

Way = Literal["step", "unroll"]

TIME, ENVIRONMENTS, INPUTS = 9, 3, 4

SOME = (0, 0), (4, 0), (5, 0), (TIME - 1, 1)
"""Starts at the first step, twice in a row, and at the last; one environment has none."""


def starts_at(*starts: tuple[int, int]) -> Bool[Array, "time environment"]:
    """Trial starts: the given (time, environment)."""
    flags = np.zeros((TIME, ENVIRONMENTS), bool)
    for start in starts:
        flags[start] = True
    return jnp.asarray(flags)


def random(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


@eqx.filter_jit
def run(
    way: Way,
    encoder: Encoder,
    state: EncoderState,
    xs: Float[Array, "time environment input"],
    starts: Bool[Array, "time environment"],
):
    """The last state and all outputs, and the gradients of a number that depends on each of them in
    its own way, for encoder, state and inputs."""

    def total(arguments):
        encoder, state, xs = arguments
        fresh = encoder.start()
        if way == "unroll":
            last, outputs = encoder.unroll(state, fresh, xs, starts)
        else:

            def step(state, inputs):
                x, start = inputs
                return encoder.step(select_start(start, fresh, state), x)

            last, outputs = jax.lax.scan(step, state, (xs, starts))
        parts = [outputs, *jax.tree.leaves(last)]
        weighted = sum(jnp.sum(jnp.sin(part) * random(*part.shape)) for part in parts)
        return weighted, (last, outputs)

    gradients, results = eqx.filter_grad(total, has_aux=True)((encoder, state, xs))
    return *results, gradients


@eqx.filter_jit
def unroll(
    encoder: Encoder,
    state: EncoderState,
    xs: Float[Array, "time environment input"],
    starts: Bool[Array, "time environment"],
) -> tuple[EncoderState, Float[Array, "time environment output"]]:
    """The last state and all outputs."""
    return encoder.unroll(state, encoder.start(), xs, starts)
