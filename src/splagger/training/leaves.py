"""How one leaf of a training state is put into a file: as a NumPy array and a description."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def shape_and_dtype(name: str, leaf: Any) -> tuple[tuple[int, ...], str]:
    """Returns what has to agree between a saved leaf and the one it is loaded into.

    **Arguments:**

    - `name`: the leaf's path in its tree, for messages.
    - `leaf`: an array, a typed key array or a `jax.ShapeDtypeStruct`.

    **Raises:** `TypeError` for any other leaf.
    """
    if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
        raise TypeError(f"the leaf {name} is a {type(leaf).__name__}, not an array")
    return tuple(leaf.shape), str(leaf.dtype)


def encode(name: str, leaf: Any) -> tuple[dict[str, Any], np.ndarray]:
    """Returns the description (name, shape, dtype; for keys the implementation) and the data.

    **Raises:** `TypeError` if `leaf` is not an array of numbers or keys.
    """
    shape, dtype = shape_and_dtype(name, leaf)
    description = {"name": name, "shape": list(shape), "dtype": dtype}
    if _is_key(leaf):
        description["implementation"] = str(jax.random.key_impl(leaf))
        return description, np.asarray(jax.random.key_data(leaf))
    array = np.asarray(leaf)
    if array.dtype.hasobject:
        raise TypeError(f"the leaf {name} holds Python objects, not numbers")
    if not array.dtype.isbuiltin:
        # NumPy's file format has no bfloat16 and its kind; their bits are saved as integers.
        array = array.view(f"u{array.dtype.itemsize}")
    return description, array


def decode(array: np.ndarray, description: Mapping[str, Any], leaf: Any) -> Any:
    """Undoes `encode`.

    **Arguments:**

    - `array`, `description`: from `encode`.
    - `leaf`: the template's leaf. If it is a NumPy array the result is one too; otherwise arrays
        become jax arrays. Keys become what they were.
    """
    if "implementation" in description:
        data = jnp.array(array)
        return jax.random.wrap_key_data(data, impl=description["implementation"])
    array = array.view(jnp.dtype(description["dtype"]))
    # A copy: jax may donate its arrays, so it must own their memory.
    return array if isinstance(leaf, np.ndarray | np.generic) else jnp.array(array)


def _is_key(leaf: Any) -> bool:
    dtype = getattr(leaf, "dtype", None)
    return dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
