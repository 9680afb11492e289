"""Evaluation: fresh tasks, the most likely actions, one trial each."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from splagger.agent import Agent
from splagger.environments.trial import Trial, TrialState
from splagger.foundation.device_mesh import split_environments
from splagger.sequence.embedding import Transition

_STEPS_AT_ONCE = 8


class Evaluation(eqx.Module):
    """The result of one trial in each of a number of fresh tasks."""

    returns: Float[Array, "task episode"]
    """Sum of the raw rewards of every episode."""
    success: Bool[Array, "task episode"]
    """Whether the episode ended with success."""


def whole_groups(tasks: int, groups: int) -> int:
    """The least number of tasks, not below the one given, that deals equally many to each group.
    Where there are no groups it is that number."""
    return -(-tasks // groups) * groups if groups else tasks


def tasks_of_group(evaluation: Evaluation, group: int, groups: int) -> Evaluation:
    """The part of an evaluation that is about one group of tasks: they were dealt in turn.

    **Arguments:**

    - `evaluation`: of one member.
    - `group`, `groups`: which one, from 0, of how many.
    """
    return jax.tree.map(lambda values: values[group::groups], evaluation)


def evaluate(
    agent: Agent,
    trial: Trial,
    key: PRNGKeyArray,
    *,
    tasks: int,
    erase_memory: bool = False,
) -> Evaluation:
    """Runs one trial in each of `tasks` fresh tasks with the deterministic policy.

    Where tasks are in groups these take turns, and `tasks` is rounded up to have equally many of
    each. Nothing of the training is touched. The memory starts from the prior.

    **Arguments:**

    - `agent`: to be evaluated; it acts on its own, whatever it is told in training.
    - `trial`: where; it may differ from the one trained on in length and number of episodes.
    - `key`: randomness of tasks and environments.
    - `tasks`: how many trials are run side by side.
    - `erase_memory`: whether the memory is set back to the initial one before every action: what
        the agent can do without remembering.
    """
    tasks = whole_groups(tasks, len(trial.task_groups))
    reset_key, step_key = jax.random.split(key)
    state, observation = _begin(trial, jax.random.split(reset_key, tasks))
    agent = agent.on_its_own()
    fresh = agent.initial_memory()
    memory = agent.initial_memory((tasks,))

    def running(carry):
        step, _, _, _, done, _ = carry
        return (step < trial.max_steps) & ~jnp.all(done)

    def advance_some(carry):
        # Whether all are done is asked now and then: on a GPU every answer is waited for. What
        # is played beyond a trial's end does not count.
        return jax.lax.fori_loop(0, _STEPS_AT_ONCE, lambda _, carry: advance(carry), carry)

    def advance(carry):
        step, state, observation, memory, done, evaluation = carry
        task = jax.vmap(trial.task_information)(state)
        action = agent.act(memory, observation, task, None).action
        keys = jax.random.split(jax.random.fold_in(step_key, step), tasks)
        state, result = jax.vmap(trial.step)(state, action, keys)
        transition = Transition(observation, action, result.reward, result.next_observation)
        # After a task's only trial its memory goes on into the next one; nothing of it counts.
        memory, _ = agent.observe(memory, transition, jnp.zeros(tasks, bool), fresh)
        if erase_memory:
            memory = agent.initial_memory((tasks,))
        row = jnp.arange(tasks)
        counted = jnp.where(done, 0, result.reward)
        evaluation = Evaluation(
            evaluation.returns.at[row, result.episode].add(counted),
            evaluation.success.at[row, result.episode].max(result.success & ~done),
        )
        return step + 1, state, result.observation, memory, done | result.trial_end, evaluation

    empty = Evaluation(
        jnp.zeros((tasks, trial.episodes), observation.dtype),
        jnp.zeros((tasks, trial.episodes), bool),
    )
    parts = (state, observation, memory, jnp.zeros(tasks, bool), empty)
    start = (jnp.zeros((), jnp.int32), *split_environments(parts, 0))
    return jax.lax.while_loop(running, advance_some, start)[-1]


def _begin(trial: Trial, keys: Key[Array, " task"]) -> tuple[TrialState, Float[Array, "task size"]]:
    """Begins trials of tasks that are dealt to the groups in turn, if there are groups."""
    if not trial.task_groups:
        return jax.vmap(trial.reset)(keys)

    def one(key: Key[Array, ""], group: Int[Array, ""]) -> tuple[TrialState, Array]:
        def draw(attempt):
            return attempt, *trial.reset(jax.random.fold_in(key, attempt))

        def wrong(carry):
            _, state, _ = carry
            return trial.task_information(state).index != group

        first = draw(jnp.zeros((), int))
        return jax.lax.while_loop(wrong, lambda carry: draw(carry[0] + 1), first)[1:]

    return jax.vmap(one)(keys, jnp.arange(keys.shape[0]) % len(trial.task_groups))
