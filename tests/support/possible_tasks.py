"""Bayes' rule by brute force: the same play in every task, and which tasks agree with the truth."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from splagger.environments.spaces import Discrete
from splagger.environments.trial import Trial


def beliefs_and_posteriors(
    trial: Trial,
    tasks: list,
    key: jax.Array,
    log_likelihood: Callable | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random play of a whole trial in every task, and what is left possible by its observations.

    Every task is played with the same actions and the same keys. A task agrees with another one
    as long as all observations and rewards so far were the same in both.

    **Arguments:**

    - `tasks`: all that can be drawn, each as likely as the others.
    - `key`: for actions and draws.
    - `log_likelihood`: how likely what an observation drew is in each of the `tasks`, where that
        depends on the task; the environment must then draw the same in all of them.

    **Returns:** the beliefs, the posteriors `[truth, step, task index]`, and the true task's index
    `[truth, step]`; step 0 is the start.
    """
    environment = trial.environment
    space = environment.action_space
    assert isinstance(space, Discrete)
    assert environment.tasks is not None
    start_key, action_key, step_key = jax.random.split(key, 3)
    steps = trial.max_steps
    actions = jax.random.randint(action_key, (steps,), 0, space.n)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *tasks)
    weigh = log_likelihood or (lambda observation: jnp.zeros(len(tasks)))

    def play(task):
        state, observation = environment.reset(task, None, start_key)
        weight = weigh(observation)

        def step(state, inputs):
            action, key = inputs
            first, second = jax.random.split(key)
            state, result = environment.step(task, state, action, first)
            ended = result.terminated
            after, start = environment.reset(task, state, second)
            weight = weigh(result.observation) + jnp.where(ended, weigh(start), 0.0)
            # What is seen, belief and index; both at the end of an episode and after its start.
            seen = jnp.concatenate([result.observation, jnp.where(ended, start, 0.0)])
            state = jax.tree.map(lambda a, b: jnp.where(ended, a, b), after, state)
            told = environment.belief(task, state), environment.task_index(task, state)
            return state, (seen, result.reward, weight, *told)

        first = environment.belief(task, state), environment.task_index(task, state)
        later = jax.lax.scan(step, state, (actions, jax.random.split(step_key, steps)))[1]
        return (observation, weight, *first), later

    first, later = jax.jit(jax.vmap(play))(stacked)
    start, start_weight, start_belief, start_index = map(np.asarray, first)
    seen, rewards, weights, beliefs, indices = map(np.asarray, later)
    count = len(tasks)
    differs = np.zeros((count, count, steps + 1), bool)
    differs[:, :, 0] = np.any(start[:, None] != start[None], axis=-1)
    differs[:, :, 1:] = np.any(seen[:, None] != seen[None], axis=-1)
    differs[:, :, 1:] |= rewards[:, None] != rewards[None]
    possible = ~np.logical_or.accumulate(differs, axis=-1)
    total = np.cumsum(np.concatenate([start_weight[:, None], weights], axis=1), axis=1)
    total = np.moveaxis(total, -1, 1) - np.max(total, axis=-1)[:, None]
    likely = possible * np.exp(total)
    # A play that its own task makes impossible leaves no task.
    whole = np.maximum(likely.sum(axis=1, keepdims=True), 1e-30)
    likely = np.moveaxis(likely / whole, 1, -1)
    posteriors = np.zeros((count, steps + 1, environment.tasks))
    posteriors[:, :, start_index] = likely
    every = np.concatenate([start_belief[:, None], beliefs], axis=1)
    return every, posteriors, np.concatenate([start_index[:, None], indices], axis=1)
