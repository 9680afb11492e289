"""Methods of an environment as traced programs, in the way in which training traces them."""

import re
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from splagger.environments.environment import Environment

_SMALL = 5000


class Program:
    """A function of an environment, traced once; nothing is compiled before it is run."""

    result: Any
    """What the function returns, with shapes and dtypes in the place of arrays."""
    text: str
    """What it computes: equal for equal programs."""
    constants: list[np.ndarray]
    """The arrays in it that are not computed from its arguments."""
    operations: int
    """About how many operations it has, those inside loops and functions counted once."""

    def __init__(self, function: Callable[..., Any], environment: Environment, *arguments: Any):
        """Traces.

        **Arguments:**

        - `function`: called with the environment and the arguments.
        - `environment`: its arrays are inputs, as in training; all else is constant.
        - `arguments`: arrays, or shapes and dtypes for them.

        **Raises:** `UnexpectedTracerError` where it uses what an earlier trace left behind.
        """
        self._arrays, rest = eqx.partition(environment, eqx.is_array)

        # A new function every time, of which jax has seen no trace before.
        def traced(arrays: Any, *arguments: Any) -> Any:
            return function(eqx.combine(arrays, rest), *arguments)

        self._traced = jax.jit(traced).trace(self._arrays, *arguments)
        self.result = self._traced.out_info
        jaxpr = self._traced.jaxpr
        # jax 0.10 makes inputs of values that were left behind.
        if len(jaxpr.in_avals) > len(jax.tree.leaves((self._arrays, arguments))):
            raise jax.errors.UnexpectedTracerError("a value of another trace")
        # Some operations are printed with the addresses of Python's functions.
        self.text = re.sub(r"0x[0-9a-f]+", "", str(jaxpr))
        self.constants = [plain(constant) for constant in jaxpr.consts]
        # One is printed a line.
        self.operations = self.text.count("\n")
        self._compiled: Callable[..., Any] | None = None

    @property
    def small(self) -> bool:
        """Whether it has so few operations that compiling it takes longer than running it."""
        return self.operations <= _SMALL

    def __call__(self, *arguments: Any) -> Any:
        """Runs it, compiled."""
        if self._compiled is None:
            options = {"xla_backend_optimization_level": "0"} if self.small else {}
            self._compiled = self._traced.lower().compile({**options})
        return self._compiled(self._arrays, *arguments)

    def same(self, other: "Program") -> bool:
        """Whether both compute the same, as far as can be seen without running them."""
        return self.text == other.text and all(
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in zip(self.constants, other.constants, strict=False)
        )


def plain(leaf: Any) -> np.ndarray:
    """An array as one of NumPy, random keys as their numbers."""
    return np.asarray(jax.random.key_data(leaf) if is_key(leaf) else leaf)


def is_key(leaf: Any) -> bool:
    """Whether an array holds random keys, which NumPy cannot."""
    return isinstance(leaf, Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def row(tree: Any, index: int) -> Any:
    """One row of a pytree of arrays."""
    return jax.tree.map(lambda leaf: leaf[index], tree)


def first_difference(
    one: Any, other: Any, tolerance: float = 0.0
) -> tuple[str, np.ndarray, np.ndarray] | None:
    """Where two pytrees of one structure differ: a leaf's path and its two arrays; None if nowhere.

    **Arguments:**

    - `one`, `other`: pytrees of arrays.
    - `tolerance`: how far numbers may be apart, relative to the larger of 1 and their size.
    """
    pairs = zip(jax.tree_util.tree_leaves_with_path(one), jax.tree.leaves(other), strict=True)
    for (path, leaf), against in pairs:
        a, b = plain(leaf), plain(against)
        if a.shape != b.shape:
            return jax.tree_util.keystr(path), a, b
        if a.dtype.kind == "f":
            alike = np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            alike = np.array_equal(a, b)
        if not alike:
            return jax.tree_util.keystr(path), a, b
    return None
