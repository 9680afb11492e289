"""How the heads of a hypernetwork start.

A head is an affine map of the code `e`. With `c = [e, 1]` it generates `sum_k c_k head[k]`, an
array of any shape: a head is stored as `[hyper, *generated]`, and its last index is its own bias.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.initialisers import Initialiser
from splagger.foundation.policy_settings import HyperInitialisation


@dataclass(frozen=True)
class Generated:
    """An array that a head generates: weight, bias or scale of a layer."""

    shape: tuple[int, ...]
    """Its shape."""
    draw: Callable[[PRNGKeyArray], Float[Array, "*generated"]]
    """Draws the array that an ordinary layer would start with."""
    deviation: float
    """Standard deviation of its entries with which a signal keeps its scale, above 0."""


HeadInitialiser = Callable[[PRNGKeyArray, int, Generated], Float[Array, "hyper *generated"]]
"""Draws a head for a code size and what is generated; `hyper` is one more than the code size."""


@dataclass(frozen=True)
class HeadInitialisers:
    """How the heads of a generated layer start."""

    weight: HeadInitialiser
    """The head of the weight, or of a FiLM layer's scale."""
    bias: HeadInitialiser
    """The head of the bias."""


def head_initialisers(scheme: HyperInitialisation, ordinary: Initialiser) -> HeadInitialisers:
    """How heads start under a scheme.

    **Arguments:**

    - `scheme`: its name.
    - `ordinary`: how ordinary layers start, for the scheme `none`.
    """
    if scheme == "none":
        return HeadInitialisers(*2 * (ordinary_head(ordinary),))
    if scheme == "hfi":
        return HeadInitialisers(*2 * (variance_preserving_head,))
    shares = {"bias": (0.0, 1.0), "weight": (1.0, 0.0), "both": (0.5, 0.5)}[scheme]
    # The code has a say in the weights at most: biases start as one draw for every code.
    return HeadInitialisers(hyper_init(*shares), hyper_init(0.0, 1.0))


def hyper_init(weight_share: float, bias_share: float) -> HeadInitialiser:
    """HyperInit (Beck et al. 2022, arXiv 2210.11348): heads generate an ordinary layer at first.

    **Arguments:**

    - `weight_share`: every entry of the code adds an own draw of it times this (Weight-HyperInit).
    - `bias_share`: one draw times this is generated whatever the code (Bias-HyperInit).
    """

    def initialise(key: PRNGKeyArray, code_size: int, generated: Generated):
        weight_key, bias_key = jax.random.split(key)
        weight = jnp.zeros((code_size, *generated.shape), float)
        bias = jnp.zeros(generated.shape, float)
        if weight_share:
            # In turn: on two cores, QR decompositions side by side can wait for each other without
            # end (jax 0.10.2).
            draws = jax.lax.map(generated.draw, jax.random.split(weight_key, code_size))
            weight = weight_share * draws
        if bias_share:
            bias = bias_share * generated.draw(bias_key)
        return jnp.concatenate([weight, bias[None]])

    return initialise


def ordinary_head(initialiser: Initialiser) -> HeadInitialiser:
    """A head that starts as an ordinary layer of the code, with zero biases."""

    def initialise(key: PRNGKeyArray, code_size: int, generated: Generated):
        weight = initialiser(key, code_size, math.prod(generated.shape))
        return _without_bias(weight.reshape(code_size, *generated.shape))

    return initialise


def variance_preserving_head(
    key: PRNGKeyArray, code_size: int, generated: Generated
) -> Float[Array, "hyper *generated"]:
    """HFI (Chang et al. 2020): what is generated has the deviation asked for, if the code's entries
    have variance 1."""
    bound = generated.deviation * (3 / code_size) ** 0.5
    shape = (code_size, *generated.shape)
    return _without_bias(jax.random.uniform(key, shape, float, -bound, bound))


def _without_bias(weight: Float[Array, "code *generated"]) -> Float[Array, "hyper *generated"]:
    return jnp.concatenate([weight, jnp.zeros_like(weight, shape=(1, *weight.shape[1:]))])
