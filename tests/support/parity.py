"""What all comparisons with the record share: reading it, and the measure of a difference.

Recorded weights are `(outputs, inputs)`; ours are `[inputs, outputs]`. Functions `load_*` make a
module of recorded parameters, and `name_*` and `named_*` go back: they name the arrays of a module,
or of a gradient with respect to one, as the record does.
"""

import json
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike

from splagger.foundation.linear import Linear
from splagger.foundation.normalisers import RunningMoments

Named = dict[str, Array]
"""Arrays by their recorded names, in their recorded shapes."""

UNUSED = "agg.agg.softmax_temp"
"""A recorded parameter on which nothing but the softmax depends; other models of this package have
none for it."""


def difference(actual: ArrayLike, expected: ArrayLike) -> float:
    """The largest absolute difference over the largest magnitude of the expected array."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = float(np.max(np.abs(actual - expected), initial=0))
    return largest / float(np.max(np.abs(expected), initial=0) or 1)


def settings_of(archive: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The settings that a record was made with."""
    return json.loads(str(archive["meta"]))


def named_arrays(archive: Mapping[str, np.ndarray], prefix: str) -> Named:
    """The recorded arrays whose names start with `prefix`, as jax's default float, without it."""
    return {
        name.removeprefix(prefix): jnp.asarray(archive[name], float)
        for name in archive
        if name.startswith(prefix)
    }


def flatten(named: Named, names: ArrayLike) -> Array:
    """One vector of all arrays in the order of the recorded `names`; unused ones are 0."""
    ordered = [
        jnp.zeros(1, float) if name == UNUSED else named[str(name)].reshape(-1)
        for name in np.asarray(names)
    ]
    return jnp.concatenate(ordered)


def load_moments(archive: Mapping[str, np.ndarray], prefix: str = "state_rms/") -> RunningMoments:
    """Recorded running statistics; the count is 1e-4 where none was recorded."""
    recorded = named_arrays(archive, prefix)
    count = recorded.get("count", jnp.asarray(1e-4, float))
    return RunningMoments(recorded["mean"], recorded["var"], count.reshape(()))


def load_linear(named: Named, name: str) -> Linear:
    """The ordinary layer of that name."""
    return Linear(named[f"{name}.weight"].T, named[f"{name}.bias"])


def name_linear(name: str, linear: Linear) -> Named:
    """The arrays of an ordinary layer, or their gradients, by their recorded names."""
    return {f"{name}.weight": linear.weight.T, f"{name}.bias": linear.bias}
