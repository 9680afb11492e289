"""Collecting experience: T steps in N environments."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, Shaped

from splagger.agent import Agent
from splagger.environments.task_information import TaskInformation
from splagger.environments.trial import Trial
from splagger.foundation.device_mesh import on_every_device, split_environments
from splagger.learning.sample_values import sample_values
from splagger.learning.train_state import Collector
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import Memory
from splagger.sequence.starts import select_start


class Rollout(eqx.Module):
    """What happened in T steps of N environments."""

    memory: Memory
    """The memories before the first step, `[environment, ...]`."""
    fresh_start: Bool[Array, " environment"]
    """Whether the first step was the first of a trial."""
    observation: Float[Array, "time environment observation"]
    """What the policy acted on."""
    task: TaskInformation
    """The true tasks, `[time, environment, ...]`."""
    action: Shaped[Array, "time environment ..."]
    """What it did."""
    log_probability: Float[Array, "time environment"]
    """Logarithm of the action's probability."""
    latent: Float[Array, "time environment latent"]
    """What it remembered when it acted."""
    reward: Float[Array, "time environment"]
    """The raw reward."""
    next_observation: Float[Array, "time environment observation"]
    """What the step led to and the memory saw."""
    next_latent: Float[Array, "time environment latent"]
    """The latent after the transition, before any reset for a new trial."""
    episode_end: Bool[Array, "time environment"]
    """Whether the step ended an episode."""
    trial_end: Bool[Array, "time environment"]
    """Whether the step ended a trial."""
    truncated: Bool[Array, "time environment"]
    """Whether the step ended an episode by its time limit alone, or diverged."""
    success: Bool[Array, "time environment"]
    """Whether the step ended an episode with success."""
    diverged: Bool[Array, "time environment"]
    """Whether the step ended an episode because the simulated physics failed."""
    last_observation: Float[Array, "environment observation"]
    """What the policy acts on after the rollout."""
    last_latent: Float[Array, "environment latent"]
    """What it remembers then."""
    last_task: TaskInformation
    """The true tasks then, `[environment, ...]`."""
    latent_noise: Float[Array, "time environment mean"] | None = None
    """What made samples of the latents for the policy; None where it does not see samples."""

    @property
    def transitions(self) -> Transition:
        """The steps as the memory saw them."""
        return Transition(self.observation, self.action, self.reward, self.next_observation)


def start_collector(agent: Agent, trial: Trial, environments: int, key: PRNGKeyArray) -> Collector:
    """Begins a new trial in every environment."""
    trial_state, observation = jax.vmap(trial.reset)(jax.random.split(key, environments))
    return Collector(
        trial=trial_state,
        observation=observation,
        memory=agent.initial_memory((environments,)),
        fresh_start=jnp.ones(environments, bool),
    )


def starting_memory(
    agent: Agent, collector: Collector, fresh: Memory, *, restart_memory: bool
) -> Memory:
    """The memories that a rollout begins with, `[environment, ...]`.

    **Arguments:**

    - `agent`, `collector`, `restart_memory`: as for `collect`.
    - `fresh`: the agent's initial memory.
    """
    restart = jnp.full(collector.fresh_start.shape, restart_memory)
    if agent.memory_reset == "after-last-transition":
        # An update has changed the parameters since: where a trial starts, so does its memory.
        # With the other convention the memory has a first item already, which must stay.
        restart = restart | collector.fresh_start
    return select_start(restart, fresh, collector.memory)


def collect(
    agent: Agent,
    trial: Trial,
    collector: Collector,
    key: PRNGKeyArray,
    *,
    steps: int,
    restart_memory: bool,
) -> tuple[Collector, Rollout]:
    """Acts for a number of steps in every environment.

    **Arguments:**

    - `agent`: whose stochastic policy acts.
    - `trial`: the environment.
    - `collector`: where the environments stand.
    - `key`: randomness.
    - `steps`: T, the number of steps.
    - `restart_memory`: whether all memories are reset to the initial one first, also in the middle
        of a trial, as published (Q2).

    **Returns:** where the environments stand now, and what happened.
    """
    environments = collector.observation.shape[0]
    fresh = agent.initial_memory()
    memory = starting_memory(agent, collector, fresh, restart_memory=restart_memory)
    collector = eqx.tree_at(lambda c: c.memory, collector, memory)

    def step(carry, keys):
        trial_state, observation, memory = carry
        policy_key, environment_keys = on_every_device((keys[0], keys[1:]))
        task = jax.vmap(trial.task_information)(trial_state)
        choice = agent.act(memory, observation, task, policy_key)
        new_state, result = jax.vmap(trial.step)(trial_state, choice.action, environment_keys)
        transition = Transition(observation, choice.action, result.reward, result.next_observation)
        new_memory, next_latent = agent.observe(memory, transition, result.trial_end, fresh)
        record = (observation, task, choice, memory.latent, result, next_latent)
        return (new_state, result.observation, new_memory), record

    start = split_environments((collector.trial, collector.observation, collector.memory), 0)
    # All at once: in the loop it would be a kernel more on a GPU, at every step.
    keys = jax.vmap(lambda key: jax.random.split(key, environments + 1))(
        jax.random.split(key, steps)
    )
    end, record = jax.lax.scan(step, start, keys)
    trial_state, last_observation, last_memory = end
    observation, task, choice, latent, result, next_latent = record
    rollout = Rollout(
        memory=collector.memory,
        fresh_start=collector.fresh_start,
        observation=observation,
        task=task,
        action=choice.action,
        log_probability=choice.log_probability,
        latent=latent,
        latent_noise=choice.latent_noise,
        reward=result.reward,
        next_observation=result.next_observation,
        next_latent=next_latent,
        episode_end=result.episode_end,
        trial_end=result.trial_end,
        truncated=result.truncated,
        success=result.success,
        diverged=result.diverged,
        last_observation=last_observation,
        last_latent=last_memory.latent,
        last_task=jax.vmap(trial.task_information)(trial_state),
    )
    after = Collector(trial_state, last_observation, last_memory, result.trial_end[-1])
    return after, rollout


def rollout_values(agent: Agent, rollout: Rollout) -> Float[Array, "time_plus_one environment"]:
    """Values of all observations the policy acted on, and of the last one.

    They are computed after the rollout, in large batches, as acting does not need them. Where the
    policy sees samples of the latent, the last one is valued at the mean.
    """
    noise = rollout.latent_noise
    last_noise = None if noise is None else jnp.zeros_like(noise[-1])
    acted_on = (rollout.observation, rollout.latent, noise, rollout.task)
    last = (rollout.last_observation, rollout.last_latent, last_noise, rollout.last_task)
    return sample_values(
        agent, *jax.tree.map(lambda rows, row: jnp.concatenate([rows, row[None]]), acted_on, last)
    )
