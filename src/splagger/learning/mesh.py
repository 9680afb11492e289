"""Which devices share the members and environments of a run."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array

from splagger.foundation.device_mesh import ENVIRONMENTS, MEMBERS
from splagger.foundation.errors import UserError

FEWEST_ENVIRONMENTS = 16
"""Environments are not split into smaller parts by themselves: a step of a recurrent network costs
a GPU the same for 16 as for fewer."""


@dataclass(frozen=True)
class Layout:
    """How many devices share the members, and how many share the environments of each."""

    member_devices: int
    """Over so many the members are spread, equally many on each, the last ones copies if need be.
    They exchange nothing."""
    environment_devices: int
    """Over so many the environments of every member are split, equally many on each."""

    @property
    def devices(self) -> int:
        """How many devices are used."""
        return self.member_devices * self.environment_devices


def choose_layout(members: int, environments: int, devices: int, processes: int = 1) -> Layout:
    """The layout for a run.

    Members are spread first. Environments are split only where there are fewer members than
    devices, into parts of at least `FEWEST_ENVIRONMENTS`. Of what costs the same, the layout with
    the fewest devices is taken.

    **Arguments:**

    - `members`, `environments`: of the run.
    - `devices`: how many there are, of all processes together.
    - `processes`: among how many they are divided equally. All take part, with equally many.

    **Raises:** `UserError` if there is too little for every process to take part.
    """

    def possible(layout: Layout) -> bool:
        shared = layout.environment_devices
        fits = layout.devices <= devices and layout.devices % processes == 0
        part, rest = divmod(environments, shared)
        return fits and (shared == 1 or (rest == 0 and part >= FEWEST_ENVIRONMENTS))

    def cost(layout: Layout) -> tuple[int, int, int]:
        # Of a member's environments, and of members, what the busiest device has.
        together = -(-members // layout.member_devices)
        return together, environments // layout.environment_devices, layout.devices

    candidates = (
        Layout(spread, shared)
        for spread in range(1, min(members, devices) + 1)
        for shared in range(1, devices // spread + 1)
    )
    found = [layout for layout in candidates if possible(layout)]
    if not found:
        raise UserError(
            f"there are {processes} processes, but {members} members of {environments} "
            f"environments cannot be shared equally among so many: environments are split into "
            f"parts of at least {FEWEST_ENVIRONMENTS}. Start fewer processes."
        )
    return min(found, key=cost)


def make_mesh(layout: Layout) -> Mesh:
    """The devices of a layout, equally many of every process, those of one process together."""
    processes = jax.process_count()
    own = layout.devices // processes
    chosen = [device for process in range(processes) for device in _devices(process)[:own]]
    shape = (layout.member_devices, layout.environment_devices)
    mesh = Mesh(
        np.asarray(chosen).reshape(shape),
        (MEMBERS, ENVIRONMENTS),
        axis_types=(AxisType.Auto, AxisType.Auto),
    )
    if processes > 1:
        _connect(mesh)
    return mesh


def place_members(tree: Any, mesh: Mesh) -> Any:
    """Spreads arrays with a leading member dimension over the devices of a mesh. The last member
    is repeated until all devices have equally many.

    **Arguments:**

    - `tree`: the same whole arrays in every process, of the host or of one of its devices.
    - `mesh`: from `make_mesh`.
    """
    sharding = NamedSharding(mesh, PartitionSpec(MEMBERS))

    def place(leaf):
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            data = place(jax.random.key_data(leaf))
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
        whole = np.asarray(leaf)
        copies = -whole.shape[0] % mesh.shape[MEMBERS]
        if copies:
            whole = np.concatenate([whole, np.repeat(whole[-1:], copies, axis=0)])
        return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])

    return jax.tree.map(place, tree)


def _connect(mesh: Mesh) -> None:
    """Lets all devices exchange something. Before their first exchange, processes do not wait long
    for each other, and later one of them may compile for minutes when another is done."""
    numbers = np.zeros(mesh.size, np.float32)
    for axes in (MEMBERS, ENVIRONMENTS, (MEMBERS, ENVIRONMENTS)):
        sharding = NamedSharding(mesh, PartitionSpec(axes))
        spread = jax.make_array_from_callback(numbers.shape, sharding, lambda i: numbers[i])
        jax.block_until_ready(whole(spread, mesh))


def whole(array: Array, mesh: Mesh) -> Array:
    """The same array, whole on every device of a mesh. All processes have to call it."""
    return jax.jit(_identity, out_shardings=NamedSharding(mesh, PartitionSpec()))(array)


def _identity(array: Array) -> Array:
    return array


def _devices(process: int) -> list[Any]:
    return [device for device in jax.devices() if device.process_index == process]
