"""Initial values of weight matrices. Every function returns `[inputs, outputs]`."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

Initialiser = Callable[[PRNGKeyArray, int, int], Float[Array, "inputs outputs"]]

TANH_GAIN = 5 / 3
"""What makes up for the flattening of signals by tanh."""

RECTIFIER_GAIN = 2**0.5
"""The same for rectifiers."""


def uniform_fan_in(key: PRNGKeyArray, inputs: int, outputs: int) -> Float[Array, "inputs outputs"]:
    """Uniform on ±1/√inputs: the usual default of a linear layer."""
    bound = inputs**-0.5
    return jax.random.uniform(key, (inputs, outputs), float, -bound, bound)


def kaiming(gain: float) -> Initialiser:
    """Uniform on ±gain √(3/inputs): outputs vary as inputs do, times `gain` (He et al. 2015)."""

    def initialise(key: PRNGKeyArray, inputs: int, outputs: int):
        bound = gain * (3 / inputs) ** 0.5
        return jax.random.uniform(key, (inputs, outputs), float, -bound, bound)

    return initialise


def uniform_glorot(key: PRNGKeyArray, inputs: int, outputs: int) -> Float[Array, "inputs outputs"]:
    """Uniform on ±√(6/(inputs + outputs)): Glorot and Bengio (2010)."""
    bound = (6 / (inputs + outputs)) ** 0.5
    return jax.random.uniform(key, (inputs, outputs), float, -bound, bound)


def normalised_columns(gain: float) -> Initialiser:
    """Gaussian entries, each output's weight vector rescaled to the norm `gain` ("normc")."""

    def initialise(key: PRNGKeyArray, inputs: int, outputs: int):
        weight = jax.random.normal(key, (inputs, outputs), float)
        return gain * weight / jnp.linalg.norm(weight, axis=0, keepdims=True)

    return initialise


def orthogonal(gain: float) -> Initialiser:
    """A (semi-)orthogonal matrix times `gain`."""

    def initialise(key: PRNGKeyArray, inputs: int, outputs: int):
        return jax.nn.initializers.orthogonal(gain)(key, (inputs, outputs), float)

    return initialise
