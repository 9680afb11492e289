"""Members of a sweep spread over several devices, which may share environments as well."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Int, Key

from splagger.agent import Agent
from splagger.environments.trial import Trial
from splagger.foundation.device_mesh import (
    ENVIRONMENTS,
    MEMBERS,
    on_every_device,
    split_environments,
)
from splagger.learning.evaluation import Evaluation, evaluate
from splagger.learning.learner import Learner
from splagger.learning.mesh import place_members, whole
from splagger.learning.metrics import Metrics
from splagger.learning.sweep import MemberMethod, Sweep, over_members
from splagger.learning.train_state import Hyperparameters, TrainState


class SpreadSweep(eqx.Module):
    """What `Sweep` is for one device, for a mesh of several.

    On every device runs the program of `Sweep` with the device's own members: no device waits for
    another. Where devices share environments, the compiler splits that program further.

    The last members are repeated until all devices have equally many. These copies are in the
    states and metrics that functions return; what `fetch` and `capture` return has none.
    """

    learner: Learner[Trial]
    """The learner of one member."""
    method: MemberMethod = eqx.field(static=True)
    """How members share a device."""
    mesh: Mesh = eqx.field(static=True)
    """The devices, `[member, environment]`, from `make_mesh`."""
    members: int = eqx.field(static=True)
    """How many members there are, without copies."""
    members_at_once: int | None = eqx.field(static=True, default=None)
    """How many a device vectorises at a time; None: all of its own."""

    def initialise(
        self, seeds: Int[Array, " member"], hyperparameters: Hyperparameters
    ) -> TrainState:
        """The state of all members before training."""
        return _initialise(self._program, *self._placed((seeds, hyperparameters)))

    def update(self, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update of every member. The memory of `state` is used again: it is gone after."""
        return _update(self._program, state)

    def evaluate(
        self,
        agents: Agent,
        trial: Trial,
        keys: Key[Array, " member"],
        *,
        tasks: int,
        erase_memory: bool = False,
    ) -> Evaluation:
        """One evaluation of every member, with a key for each, as in `evaluate`.

        **Arguments:**

        - `agents`: of a state of training.
        - `keys`: one for every member, without copies.
        - `trial`, `tasks`, `erase_memory`: as for `evaluate`.
        """
        return _evaluate(
            self._program,
            agents,
            trial,
            self._placed(keys),
            tasks=tasks,
            erase_memory=erase_memory,
        )

    def template(
        self, seeds: Int[Array, " member"], hyperparameters: Hyperparameters, *, captured: bool
    ) -> TrainState:
        """The shapes of a state without copies, for reading it from a checkpoint into the memory
        of the host."""
        whole = Sweep(self.learner, self.method).template(seeds, hyperparameters, captured=captured)

        def on_host(leaf):
            if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
                return leaf
            return np.broadcast_to(np.zeros((), leaf.dtype), leaf.shape)

        return jax.tree.map(on_host, whole)

    def capture(self, state: TrainState) -> tuple[TrainState, bool]:
        """What to save of a state: all of it, in the memory of the host."""
        return self.fetch(state), True

    def take_up(self, state: TrainState) -> tuple[TrainState, str]:
        """Spreads a saved state over the devices; no trial has to begin anew."""
        return _take_up(self._program, self._placed(state)), ""

    def fetch(self, tree: Any) -> Any:
        """Arrays of all members in the memory of the host of every process, without copies.

        All processes have to call it.

        **Arguments:**

        - `tree`: arrays with a leading member dimension, as functions of this class return them.
        """
        return jax.tree.map(self._fetch, tree)

    def close(self) -> None:
        """Frees what is held outside of arrays: nothing."""

    def _fetch(self, leaf):
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            data = jnp.asarray(self._fetch(jax.random.key_data(leaf)))
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
        if not leaf.is_fully_addressable:
            leaf = whole(leaf, self.mesh)
        return np.asarray(leaf)[: self.members]

    def _placed(self, tree: Any) -> Any:
        return place_members(tree, self.mesh)

    @property
    def _program(self) -> "_Program":
        """What decides the compiled programs."""
        return _Program(self.learner, self.method, self.mesh, self.members_at_once)


class _Program(eqx.Module):
    """A sweep's programs, whatever the number of members."""

    learner: Learner[Trial]
    method: MemberMethod = eqx.field(static=True)
    mesh: Mesh = eqx.field(static=True)
    members_at_once: int | None = eqx.field(static=True)


def _spread(program: _Program, function: Callable[..., Any], method: MemberMethod) -> Any:
    """A function of one member as a program in which every device has members of its own."""
    mesh = program.mesh
    manual = {MEMBERS} if mesh.shape[ENVIRONMENTS] > 1 else {MEMBERS, ENVIRONMENTS}
    own = PartitionSpec(MEMBERS)
    return jax.shard_map(
        over_members(function, method, program.members_at_once),
        mesh=mesh,
        in_specs=own,
        out_specs=own,
        axis_names=manual,
        # It would have to be told of every constant that a loop starts from.
        check_vma=False,
    )


def _settled(state: TrainState) -> TrainState:
    """One member's state where it belongs between updates, so that all programs find it there:
    what every environment has on that environment's device, all else on every device."""
    trajectories = state.trajectories
    apart = [lambda s: s.collector]
    split = [split_environments(state.collector, 0)]
    if trajectories is not None:
        apart.append(lambda s: s.trajectories.unfinished)
        split.append(trajectories.unfinished.split())
    state = on_every_device(state)
    for where, part in zip(apart, split, strict=True):
        state = eqx.tree_at(where, state, part)
    return state


@eqx.filter_jit
def _initialise(program, seeds, hyperparameters):
    def one(seed, numbers):
        return _settled(program.learner.initialise(seed, numbers))

    # In turn, as in `Sweep`.
    return _spread(program, one, "in-turn")(seeds, hyperparameters)


@eqx.filter_jit(donate="all-except-first")
def _update(program, state):
    def one(state):
        state, metrics = program.learner.update(state)
        return _settled(state), metrics

    return _spread(program, one, program.method)(state)


@eqx.filter_jit(donate="all-except-first")
def _take_up(program, state):
    return _spread(program, _settled, "vectorised")(state)


@eqx.filter_jit
def _evaluate(program, agents, trial, keys, *, tasks, erase_memory):
    def one(agent, key):
        return evaluate(agent, trial, key, tasks=tasks, erase_memory=erase_memory)

    return _spread(program, one, program.method)(agents, keys)
