"""Members of a sweep that learn from simulators on the host."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt32

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import Simulators
from splagger.environments.task_information import TaskInformation
from splagger.learning.host_rollout import collect_on_host
from splagger.learning.host_trials import by_member, start_on_host
from splagger.learning.host_workers import workers_for
from splagger.learning.learner import Learner, collection_key, first_trials_key
from splagger.learning.metrics import Metrics
from splagger.learning.sweep import MemberMethod, over_members
from splagger.learning.train_state import Hyperparameters, TrainState

Shown = tuple[Any, Any, Any]
"""Observation, task as a vector and task as a number, where trials start, `[member, environment,
...]`."""

# Keeps trials that begin when a run is taken up apart from all others.
_FRESH_TRIALS = 0xF2E5


class HostSweep:
    """What `Sweep` is for compiled environments, for simulators on the host.

    The state of training is arrays alone. The simulators are here: there are none before
    `initialise` or `take_up`, and `close` ends them.
    """

    learner: Learner[HostTrial]
    """The learner of one member."""
    method: MemberMethod
    """How members share the device."""

    def __init__(
        self,
        learner: Learner[HostTrial],
        method: MemberMethod,
        *,
        workers: int | None,
        overlap: bool,
    ):
        """Prepares; no simulator is made yet.

        **Arguments:**

        - `learner`, `method`: as in `Sweep`.
        - `workers`: how many processes step the simulators; 0 for this one, None for as many as
            pay.
        - `overlap`: whether one half of every member's environments, whose number is even, is
            stepped while the agents choose for the other.
        """
        self.learner = learner
        self.method: MemberMethod = method
        self._workers = workers
        self._groups = 2 if overlap else 1
        self._simulators: Simulators | None = None
        self._captured: Any = None

    def initialise(
        self, seeds: Int[Array, " member"], hyperparameters: Hyperparameters
    ) -> TrainState:
        """The state of all members before training, in simulators that begin their first trials."""
        start = self._begin(_first_seeds(seeds, self.learner.environments))
        self._captured = self._capture()
        return _initialise(self.learner, seeds, hyperparameters, start)

    def template(
        self, seeds: Int[Array, " member"], hyperparameters: Hyperparameters, *, captured: bool
    ) -> TrainState:
        """The shapes of a state, for reading it from a checkpoint; no simulator begins a trial.

        **Arguments:**

        - `seeds`, `hyperparameters`: as for `initialise`.
        - `captured`: whether it has what simulators captured.
        """
        trial = self.learner.trial
        many = (seeds.shape[0], self.learner.environments)
        shown = (
            jnp.zeros((*many, trial.observation_size)),
            jnp.zeros((*many, trial.environment.task_size)),
            jnp.zeros(many, int),
        )
        state = eqx.filter_eval_shape(_initialise, self.learner, seeds, hyperparameters, shown)
        # What was captured and cannot be restored any more makes reading fail, which says so.
        if not captured or trial.environment.restore_obstacle:
            return state
        simulator = trial.simulators([0], workers=0)
        try:
            simulator.reset()
            rows = simulator.capture()
        finally:
            simulator.close()
        # NumPy's, so that they are read as such: jax has no 64 bits. They take no memory.
        return _with_captured(
            state, jax.tree.map(lambda row: np.broadcast_to(row[0], (*many, *row.shape[1:])), rows)
        )

    def update(self, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update of every member. The memory of `state` is used again: it is gone after.

        The simulators of a failed member go on with the others', but nothing comes of it.

        **Raises:** `SimulatorError` where a simulator fails. `state` is then still whole, and
        `capture` still belongs to it; after that only `take_up` and `close` may be called.
        """
        assert self._simulators is not None, "there are no simulators before initialise or take_up"
        collectors, rollout = collect_on_host(
            state.agent,
            self._simulators,
            state.collector,
            _collection_keys(state),
            steps=self.learner.steps,
            restart_memory=self.learner.restart_memory,
            groups=self._groups,
            method=self.method,
        )
        captured = self._capture()
        state, metrics = _learn((self.learner, self.method), state, collectors, rollout)
        self._captured = captured
        return state, metrics

    def capture(self, state: TrainState) -> tuple[TrainState, bool]:
        """What to save of the newest state, and whether that says where its trials stand."""
        return _with_captured(state, self._captured), self._captured is not None

    def take_up(self, state: TrainState) -> tuple[TrainState, str]:
        """The state with which to go on from a saved one, and why trials had to begin anew, if so.

        Makes simulators that stand where those of the saved state stood. Where they were not
        captured or cannot be restored, a new trial begins in every environment, and a clause says
        what was missing.
        """
        fresh = _fresh_seeds(state, self.learner.environments)
        start = self._begin(fresh)
        captured = state.collector.trial.captured
        assert self._simulators is not None
        obstacle = ""
        if not self._simulators.restorable:
            obstacle = self.learner.trial.environment.restore_obstacle
        elif captured is None:
            obstacle = "they were not captured before one of them failed"
        if obstacle:
            state = _begin_again(_with_captured(state, None), start)
        else:
            self._simulators.restore(jax.tree.map(_rows, captured))
        self._captured = self._capture()
        return _with_captured(state, None), obstacle

    def fetch(self, tree: Any) -> Any:
        """Arrays of all members in the memory of the host."""
        return jax.device_get(tree)

    def close(self) -> None:
        """Ends the simulators. Can be called more than once."""
        if self._simulators is not None:
            self._simulators.close()
            self._simulators = None

    def _begin(self, seeds: UInt32[Array, "member environment"]) -> Shown:
        """Makes simulators that begin new trials; returns what they show, by member."""
        self.close()
        workers = workers_for(self.learner.trial, seeds.size, self._workers)
        self._simulators = self.learner.trial.simulators(_rows(np.asarray(seeds)), workers=workers)
        start = self._simulators.reset()
        split = partial(by_member, members=seeds.shape[0])
        return split(start.observation), split(start.tasks.vector), split(start.tasks.index)

    def _capture(self) -> Any:
        assert self._simulators is not None
        if not self._simulators.restorable:
            return None
        environments = self.learner.environments
        members = self._simulators.count // environments
        return jax.tree.map(
            lambda rows: rows.reshape(members, environments, *rows.shape[1:]),
            self._simulators.capture(),
        )


def _rows(values: np.ndarray) -> np.ndarray:
    """Undoes `by_member`."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


def _with_captured(state: TrainState, captured: Any) -> TrainState:
    return eqx.tree_at(
        lambda s: s.collector.trial.captured, state, captured, is_leaf=lambda leaf: leaf is None
    )


@eqx.filter_jit
def _initialise(learner, seeds, hyperparameters, shown):
    def one(seed, numbers, shown):
        observation, vector, index = shown
        task = TaskInformation(vector, index)

        def start(agent, _):
            return start_on_host(agent, observation, task)

        return learner.initial_state(seed, numbers, start)

    # In turn everywhere, as in `Sweep`.
    return over_members(one, "in-turn")(seeds, hyperparameters, shown)


@eqx.filter_jit
def _begin_again(state, shown):
    def one(state, shown):
        observation, vector, index = shown
        collector = start_on_host(state.agent, observation, TaskInformation(vector, index))
        ended = jnp.zeros_like(state.rewards.discounted_return)
        return eqx.tree_at(
            lambda s: (s.collector, s.rewards.discounted_return), state, (collector, ended)
        )

    return over_members(one, "in-turn")(state, shown)


@eqx.filter_jit(donate="all-except-first")
def _learn(fixed, state, collectors, rollout):
    learner, method = fixed
    return over_members(learner.learn_from, method)(state, collectors, rollout)


_collection_keys = eqx.filter_jit(jax.vmap(collection_key))


@partial(jax.jit, static_argnames=("environments",))
def _first_seeds(seeds, environments):
    return jax.vmap(lambda seed: _simulator_seeds(first_trials_key(seed), environments))(seeds)


@partial(jax.jit, static_argnames=("environments",))
def _fresh_seeds(state, environments):
    def one(key):
        return _simulator_seeds(jax.random.fold_in(key, _FRESH_TRIALS), environments)

    return jax.vmap(one)(state.key)


def _simulator_seeds(key, environments):
    return jax.random.bits(key, (environments,), jnp.uint32)
