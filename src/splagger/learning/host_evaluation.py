"""Evaluation in simulators on the host: fresh tasks, the most likely actions, one trial each."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, UInt32

from splagger.agent import Agent
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import Simulators
from splagger.learning.evaluation import Evaluation
from splagger.learning.host_acting import Outcome, advance_evaluation, begin_evaluation
from splagger.learning.host_rollout import acting_in_turn
from splagger.learning.host_trials import by_member
from splagger.learning.host_workers import workers_for
from splagger.learning.sweep import MemberMethod

MOST_SIMULATORS = 256
"""So many simulators run side by side in an evaluation, or one a member where these are more."""


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

    Simulators are made for it and closed again, some tasks at a time.

    **Arguments:**

    - `agents`: of all members, `[member, ...]`, as `keys` and the result are.
    - `trial`, `tasks`, `erase_memory`: as for `evaluate`.
    - `keys`: randomness of tasks and environments.
    - `workers`: how many processes step the simulators; 0 for this one, None for as many as pay.
    - `method`: how members share the device.

    **Raises:** `SimulatorError` where a simulator fails.
    """
    members = keys.shape[0]
    seeds = np.asarray(evaluation_seeds(keys, tasks=tasks))
    parts = -(-tasks // max(1, MOST_SIMULATORS // members))
    results = []
    # As even as can be, so that at most two sizes are compiled.
    for chosen in np.array_split(seeds, parts, axis=1):
        processes = workers_for(trial, chosen.size, workers)
        simulators = trial.simulators(chosen.reshape(-1), workers=processes)
        try:
            results.append(_run(agents, trial, simulators, members, erase_memory, method))
        finally:
            simulators.close()
    returns, success = (np.concatenate(values, axis=1) for values in zip(*results, strict=True))
    return jax.vmap(Evaluation)(jnp.asarray(returns), jnp.asarray(success))


def _run(
    agents: Agent,
    trial: HostTrial,
    simulators: Simulators,
    members: int,
    erase_memory: bool,
    method: MemberMethod,
) -> tuple[Float[np.ndarray, "member task episode"], Bool[np.ndarray, "member task episode"]]:
    """Runs the first trial of every simulator: the returns and successes."""
    tasks = simulators.count // members
    place = np.ogrid[:members, :tasks]
    split = partial(by_member, members=members)
    start = simulators.reset()
    first = (start.observation, start.tasks.vector, start.tasks.index)
    turns = acting_in_turn(members, method)
    players, moments = zip(
        *(
            begin_evaluation(agents, *map(split, first), turn.start, method=method)
            for turn in turns
        ),
        strict=True,
    )
    returns = np.zeros((members, tasks, trial.episodes), jnp.result_type(float))
    success = np.zeros((members, tasks, trial.episodes), bool)
    done = np.zeros((members, tasks), bool)
    for _ in range(trial.max_steps):
        actions = np.concatenate([np.asarray(moment.action) for moment in moments])
        simulators.send(actions.reshape(-1, *actions.shape[2:]))
        result = simulators.receive()
        now = (*place, split(result.episode))
        returns[now] += np.where(done, 0, split(result.reward))
        success[now] |= split(result.success) & ~done
        done |= split(result.trial_end)
        if done.all():
            break
        outcome = Outcome(
            reward=split(result.reward),
            next_observation=split(result.next_observation),
            trial_end=split(result.trial_end),
            observation=split(result.observation),
            task_vector=split(result.tasks.vector),
            task_index=split(result.tasks.index),
        )
        moments = [
            advance_evaluation(
                player,
                moment,
                Outcome(*(values[turn] for values in outcome)),
                erase_memory=erase_memory,
                method=method,
            )
            for player, moment, turn in zip(players, moments, turns, strict=True)
        ]
    return returns, success


@partial(jax.jit, static_argnames=("tasks",))
def evaluation_seeds(keys: Key[Array, " member"], *, tasks: int) -> UInt32[Array, "member task"]:
    """The seeds of the simulators of an evaluation; the arguments are those of
    `evaluate_on_host`."""
    return jax.vmap(lambda key: jax.random.bits(key, (tasks,), jnp.uint32))(keys)
