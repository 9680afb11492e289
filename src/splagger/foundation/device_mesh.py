"""Arrays split over devices by environment, seen from inside a compiled program.

A program that splits its environments runs in the context of a mesh with the axis `ENVIRONMENTS`
(`learning/spread_sweep.py` makes it). What is here says where arrays are to lie; the compiler finds
out the communication. In any other program, all of this does nothing.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import AxisType, PartitionSpec
from jaxtyping import Array, Float

MEMBERS = "member"
"""The mesh axis over which members of a sweep are spread."""

ENVIRONMENTS = "environment"
"""The mesh axis over which the environments of each member are split."""


def environment_devices() -> int:
    """Over how many devices the program that is being traced splits its environments."""
    mesh = jax.sharding.get_abstract_mesh()
    for name, size, kind in zip(mesh.axis_names, mesh.axis_sizes, mesh.axis_types, strict=True):
        # Inside a program in which that axis is manual, an array is one device's part already.
        if name == ENVIRONMENTS and kind == AxisType.Auto:
            return size
    return 1


def split_environments(tree: Any, axis: int) -> Any:
    """The same arrays, split over devices along `axis`, where it can be cut into equal parts."""
    devices = environment_devices()
    if devices == 1:
        return tree

    def split(leaf):
        if leaf.shape[axis] % devices:
            return leaf
        spec = PartitionSpec(*axis * (None,), ENVIRONMENTS)
        return jax.lax.with_sharding_constraint(leaf, spec)

    return jax.tree.map(split, tree)


def on_every_device(tree: Any) -> Any:
    """The same arrays, whole on every device that shares their environments."""
    if environment_devices() == 1:
        return tree
    return jax.tree.map(lambda x: jax.lax.with_sharding_constraint(x, PartitionSpec()), tree)


def flat_samples(
    values: Float[Array, "time environment feature"],
) -> Float[Array, "samples feature"]:
    """Samples in one dimension, for sums over all of them: their order depends on the devices.

    Where environments are split they come first, so that samples stay where they are.
    """
    if environment_devices() > 1:
        values = jnp.swapaxes(values, 0, 1)
    return values.reshape(-1, values.shape[-1])


def by_device(
    function: Callable[[Array, Array], Array],
    x: Float[Array, "*batch inputs"],
    y: Float[Array, "*batch others"],
) -> Float[Array, "*batch outputs"]:
    """Applies a function of samples, `[samples, ...]`, where every device has its own samples.

    The batch's last dimension is what is split. A function that goes over its samples in chunks
    would otherwise make all devices work on one chunk after the other.
    """
    devices = environment_devices()
    batch = x.shape[:-1]
    if devices == 1 or not batch:
        flat = (leaf.reshape(-1, leaf.shape[-1]) for leaf in (x, y))
        return function(*flat).reshape(*batch, -1)
    padding = -batch[-1] % devices

    def apart(leaf):
        padded = jnp.pad(leaf, (*(len(batch) - 1) * ((0, 0),), (0, padding), (0, 0)))
        parts = padded.reshape(*batch[:-1], devices, -1, leaf.shape[-1])
        first = split_environments(jnp.moveaxis(parts, -3, 0), 0)
        return first.reshape(devices, -1, leaf.shape[-1])

    results = split_environments(jax.vmap(function)(apart(x), apart(y)), 0)
    parts = results.reshape(devices, *batch[:-1], -1, results.shape[-1])
    joined = jnp.moveaxis(parts, 0, -3).reshape(*batch[:-1], -1, results.shape[-1])
    return split_environments(joined[..., : batch[-1], :], len(batch) - 1)
