"""Evaluation in simulators on the host: fresh tasks, the most likely actions, one trial each."""

import abc
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, Shaped, UInt32

from splagger.agent import Agent
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import HostStart, HostStep, Simulators
from splagger.learning.evaluation import Evaluation, whole_groups
from splagger.learning.host_acting import Outcome, advance_evaluation, begin_evaluation
from splagger.learning.host_rollout import acting_in_turn
from splagger.learning.host_trials import by_member
from splagger.learning.host_workers import workers_for
from splagger.learning.sweep import MemberMethod

MOST_SIMULATORS = 256
"""So many simulators run side by side in an evaluation, or one a member where these are more."""


class HostActors(abc.ABC):
    """Who acts in some simulators, one row each, through one trial."""

    @abc.abstractmethod
    def begin(self, start: HostStart) -> Shaped[np.ndarray, "row ..."]:
        """The first actions."""

    @abc.abstractmethod
    def advance(self, result: HostStep) -> Shaped[np.ndarray, "row ..."]:
        """Takes in what the actions led to; returns the next ones."""


def evaluate_on_host(
    agents: Agent,
    trial: HostTrial,
    keys: Key[Array, " member"],
    *,
    tasks: int,
    erase_memory: bool = False,
    workers: int | None,
    method: MemberMethod,
) -> Evaluation:
    """Runs one trial in each of `tasks` fresh tasks with the deterministic policy of every member:
    `evaluate`, on the host.

    Simulators are made for it and closed again, some tasks at a time. Where tasks are in groups
    these take turns, and `tasks` is rounded up to have equally many of each.

    **Arguments:**

    - `agents`: of all members, `[member, ...]`, as `keys` and the result are.
    - `trial`, `tasks`, `erase_memory`: as for `evaluate`.
    - `keys`: randomness of tasks and environments.
    - `workers`: how many processes step the simulators; 0 for this one, None for as many as pay.
    - `method`: how members share the device.

    **Raises:** `SimulatorError` where a simulator fails.
    """

    def actors() -> HostActors:
        return _AgentActors(agents, members, erase_memory, method)

    members = keys.shape[0]
    tasks = whole_groups(tasks, len(trial.task_groups))
    seeds = np.asarray(evaluation_seeds(keys, tasks=tasks))
    returns, success = evaluate_actors(actors, trial, seeds, workers=workers)
    return jax.vmap(Evaluation)(jnp.asarray(returns), jnp.asarray(success))


def evaluate_actors(
    actors: Callable[[], HostActors],
    trial: HostTrial,
    seeds: UInt32[np.ndarray, "member task"],
    *,
    workers: int | None,
) -> tuple[Float[np.ndarray, "member task episode"], Bool[np.ndarray, "member task episode"]]:
    """Runs one trial in each of some tasks, whoever acts. Every episode of every trial counts once,
    however long it takes: counting those that end first would favour short ones.

    **Arguments:**

    - `actors`: makes those who act in some tasks of all members; member by member their rows.
    - `trial`: where.
    - `seeds`: decide tasks and dynamics. Groups of tasks take turns.
    - `workers`: as for `evaluate_on_host`.

    **Returns:** the sum of raw rewards of every episode, and whether it ended with success.

    **Raises:** `SimulatorError` where a simulator fails.
    """
    members, tasks = seeds.shape
    groups = len(trial.task_groups)
    parts = -(-tasks // max(1, MOST_SIMULATORS // members))
    results = []
    # As even as can be, so that at most two sizes are compiled.
    for chosen in np.array_split(np.arange(tasks), parts):
        count = members * len(chosen)
        simulators = trial.simulators(
            seeds[:, chosen].reshape(-1),
            workers=workers_for(trial, count, workers),
            groups=np.tile(chosen % groups, members).tolist() if groups else None,
        )
        try:
            counted = count_first_trials(actors(), trial, simulators)
        finally:
            simulators.close()
        results.append([by_member(values, members) for values in counted])
    returns, success = (np.concatenate(values, axis=1) for values in zip(*results, strict=True))
    return returns, success


def count_first_trials(
    actors: HostActors, trial: HostTrial, simulators: Simulators
) -> tuple[Float[np.ndarray, "row episode"], Bool[np.ndarray, "row episode"]]:
    """Runs the first trial of every simulator: returns and successes. What follows where one is
    over does not count."""
    rows = np.arange(simulators.count)
    returns = np.zeros((simulators.count, trial.episodes), jnp.result_type(float))
    success = np.zeros((simulators.count, trial.episodes), bool)
    done = np.zeros(simulators.count, bool)
    actions = actors.begin(simulators.reset())
    for _ in range(trial.max_steps):
        simulators.send(actions)
        result = simulators.receive()
        now = (rows, result.episode)
        returns[now] += np.where(done, 0, result.reward)
        success[now] |= result.success & ~done
        done |= result.trial_end
        if done.all():
            break
        actions = actors.advance(result)
    return returns, success


class _AgentActors(HostActors):
    """The members of a sweep with their most likely actions."""

    def __init__(self, agents: Agent, members: int, erase_memory: bool, method: MemberMethod):
        self._agents = agents
        self._split = partial(by_member, members=members)
        self._turns = acting_in_turn(members, method)
        self._erase_memory = erase_memory
        self._method: MemberMethod = method
        self._players, self._moments = (), ()

    def begin(self, start: HostStart) -> Shaped[np.ndarray, "row ..."]:
        first = map(self._split, (start.observation, start.tasks.vector, start.tasks.index))
        shown = tuple(first)
        self._players, self._moments = zip(
            *(
                begin_evaluation(self._agents, *shown, turn.start, method=self._method)
                for turn in self._turns
            ),
            strict=True,
        )
        return self._actions()

    def advance(self, result: HostStep) -> Shaped[np.ndarray, "row ..."]:
        outcome = Outcome(
            reward=self._split(result.reward),
            next_observation=self._split(result.next_observation),
            trial_end=self._split(result.trial_end),
            observation=self._split(result.observation),
            task_vector=self._split(result.tasks.vector),
            task_index=self._split(result.tasks.index),
        )
        self._moments = tuple(
            advance_evaluation(
                player,
                moment,
                Outcome(*(values[turn] for values in outcome)),
                erase_memory=self._erase_memory,
                method=self._method,
            )
            for player, moment, turn in zip(self._players, self._moments, self._turns, strict=True)
        )
        return self._actions()

    def _actions(self) -> Shaped[np.ndarray, "row ..."]:
        actions = np.concatenate([np.asarray(moment.action) for moment in self._moments])
        return actions.reshape(-1, *actions.shape[2:])


@partial(jax.jit, static_argnames=("tasks",))
def evaluation_seeds(keys: Key[Array, " member"], *, tasks: int) -> UInt32[Array, "member task"]:
    """The seeds of the simulators of an evaluation; the arguments are those of
    `evaluate_on_host`."""
    return jax.vmap(lambda key: jax.random.bits(key, (tasks,), jnp.uint32))(keys)
