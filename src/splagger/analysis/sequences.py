"""The sequences that sequence models are analysed on: vectors that bypass the embedding."""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from splagger.sequence.split_aggregator import SplitAggregator

InputKind = Literal["noise", "signal", "strong-signal"]
"""`noise`: every component of every step uniform on ±1. `signal`: ones at the first step, zeros
after it. `strong-signal`: ones at a few random steps, zeros at the others."""

_STRONG_SHARE = 0.01  # of the steps at which a strong signal may show ones
_STRONG_PART = 0.8  # of the sequence in which it may


def draw_sequence(
    kind: InputKind, key: Key[Array, ""], steps: int, size: int
) -> Float[Array, "time embedded"]:
    """Draws one sequence of `steps` vectors with `size` components, as published.

    A strong signal shows its ones with probability 0.01 at each of the first 80 % of the steps.
    """
    if kind == "noise":
        return jax.random.uniform(key, (steps, size), float, -1, 1)
    if kind == "signal":
        return jnp.zeros((steps, size), float).at[0].set(1)
    shown = jax.random.bernoulli(key, _STRONG_SHARE, (steps, 1))
    early = jnp.arange(steps)[:, None] < _STRONG_PART * steps
    return jnp.broadcast_to(shown & early, (steps, size)).astype(float)


def draw_opposites(
    key: Key[Array, ""], steps: int, size: int
) -> tuple[Float[Array, "time embedded"], Float[Array, "time embedded"]]:
    """Draws two sequences that begin with all 1 and all -1 and go on alike, every component 1 or
    -1 at random."""
    shared = jax.random.rademacher(key, (steps, size), float)
    return shared.at[0].set(1), shared.at[0].set(-1)


def unroll_from_start(
    model: SplitAggregator, xs: Float[Array, "time sequence embedded"]
) -> Float[Array, "time sequence latent"]:
    """The outputs after every step of each sequence, from the memory at a trial's start.

    What flows into that memory is kept: gradients reach a start that is learned.
    """
    memory = model.initial_memory((xs.shape[1],))
    return model.unroll_embedded(memory, xs, jnp.zeros(xs.shape[:2], bool))[1]
