"""Observations as vectors and actions as Gymnasium's spaces want them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from jaxtyping import Float32

_LEAVES = (spaces.Box, spaces.Discrete, spaces.MultiBinary, spaces.MultiDiscrete)


def can_flatten(space: spaces.Space) -> bool:
    """Whether observations of a space have a vector: a `Box`, `Discrete`, `MultiBinary` or
    `MultiDiscrete`, or a `Dict` or `Tuple` of such spaces."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        return all(map(can_flatten, parts))
    return isinstance(space, _LEAVES)


def can_act(space: spaces.Space) -> bool:
    """Whether agents can act in a space: a `Discrete`, or a `Box` of real numbers."""
    if isinstance(space, spaces.Box):
        return bool(np.issubdtype(space.dtype, np.floating))
    return isinstance(space, spaces.Discrete)


def observation_flattener(space: spaces.Space) -> Callable[[Any], Float32[np.ndarray, " number"]]:
    """The function that makes a vector of an observation: numbers in order, one-hot for one of n
    choices, the parts of a `Dict` or `Tuple` one after the other.

    The function raises `ValueError` for an observation of another shape than the space's.
    """
    if not isinstance(space, spaces.Box):
        size = spaces.flatdim(space)

        def flatten(observation: Any) -> np.ndarray:
            vector = np.asarray(spaces.flatten(space, observation), np.float32)
            if vector.shape != (size,):
                raise ValueError(f"{vector.size} numbers where the space has {size}")
            return vector

        return flatten

    shape = space.shape

    def ravel(observation: Any) -> np.ndarray:
        array = np.asarray(observation, np.float32)
        if array.shape != shape:
            raise ValueError(f"the shape {array.shape} where the space has {shape}")
        return array.reshape(-1)

    return ravel


def action_reader(space: spaces.Space) -> Callable[[Any], Any]:
    """The function that makes an element of the action space of an agent's action: an integer from
    0 for a `Discrete` space, a vector for a `Box`."""
    if isinstance(space, spaces.Discrete):
        start = int(space.start)
        return lambda action: start + int(action)
    shape, dtype = space.shape, space.dtype
    # A copy: an environment may keep or change what it is given.
    return lambda action: np.array(action, dtype).reshape(shape)
