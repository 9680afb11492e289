"""The agent: a sequence model and an actor-critic, behind a few functions."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, Shaped

from splagger.environments.task_information import TaskInformation
from splagger.foundation.normalisers import RunningMoments
from splagger.policies.policy import Policy
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import Memory, SplitAggregator
from splagger.sequence.starts import select_start

MemoryReset = Literal["after-last-transition", "before-last-transition"]
"""When the memory is reset at a trial's end. `after-last-transition`: the finishing transition
belongs to the old trial, and the new one starts from the prior. `before-last-transition`: it is the
first item of the new trial's memory, as published (Q1)."""


class Networks(eqx.Module):
    """Everything of an agent that is trained."""

    sequence_model: SplitAggregator
    """From transitions to the latent."""
    actor_critic: Policy
    """From observation and latent to action and value."""


class Agent(eqx.Module):
    """Acts, remembers, and replays a rollout with gradients. Batched over environments."""

    networks: Networks
    """The trained part."""
    observations: RunningMoments
    """Statistics that normalise the policy's observations. The encoder sees raw ones."""
    memory_reset: MemoryReset = eqx.field(static=True)
    """When the memory is reset at a trial's end."""
    train_prior: bool = eqx.field(static=True)
    """Whether gradients reach the prior and the start elements of trials that start with the
    rollout. They do not as published (Q28)."""

    def initial_memory(self, batch: tuple[int, ...] = ()) -> Memory:
        """The memory at a trial's start, for a batch of that shape."""
        return self.networks.sequence_model.initial_memory(batch)

    def act(
        self,
        memory: Memory,
        observation: Float[Array, "*batch observation"],
        task: TaskInformation,
        key: Key[Array, "*keys"] | None,
    ) -> tuple[Shaped[Array, "*action"], Float[Array, "*batch"]]:
        """Chooses an action.

        **Arguments:**

        - `memory`, `observation`: what the choice rests on.
        - `task`: the true task, for policies that are told it.
        - `key`: randomness of the draw, one key for the batch, or `[batch]` one for every item, so
            that its action does not depend on the others; None takes the most likely action.

        **Returns:** the action and the logarithm of its probability.
        """
        policy = self.networks.actor_critic
        normalised = self.observations.normalise(observation)
        distribution = policy.act_distribution(normalised, memory.latent, task)
        if key is None:
            action = distribution.mode()
        elif key.ndim == 0:
            action = distribution.sample(key)
        else:
            action = jax.vmap(lambda one, its_key: one.sample(its_key))(distribution, key)
        return action, distribution.log_probability(action)

    def value(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
        task: TaskInformation,
    ) -> Float[Array, "*batch"]:
        """The estimated normalised return of the rest of the trial."""
        normalised = self.observations.normalise(observation)
        return self.networks.actor_critic.value(normalised, latent, task)

    def observe(
        self,
        memory: Memory,
        transition: Transition,
        trial_end: Bool[Array, "*batch"],
        fresh: Memory,
    ) -> tuple[Memory, Float[Array, "*batch latent"]]:
        """Takes a transition into the memory.

        **Arguments:**

        - `memory`: before the transition.
        - `transition`: what happened.
        - `trial_end`: whether it ended the trial, so that the next one starts afresh.
        - `fresh`: `initial_memory()`, computed by the caller once for many steps.

        **Returns:** the memory for the next step, and the latent after the transition itself,
        which values the final observation of a trial.
        """
        model = self.networks.sequence_model
        if self.memory_reset == "before-last-transition":
            memory = model.step(select_start(trial_end, fresh, memory), transition)
            return memory, memory.latent
        after = model.step(memory, transition)
        return select_start(trial_end, fresh, after), after.latent

    def unroll(
        self,
        memory: Memory,
        transitions: Transition,
        fresh_start: Bool[Array, " environment"],
        trial_end: Bool[Array, "time environment"],
    ) -> Float[Array, "time_plus_one environment latent"]:
        """Recomputes the latents of a rollout with gradients through all of it.

        **Arguments:**

        - `memory`: the memory that the rollout began with; no gradient goes into it.
        - `transitions`: of the rollout, `[time, environment, ...]`.
        - `fresh_start`: whether a trial starts at the rollout's first step.
        - `trial_end`: whether a transition ended its trial.

        **Returns:** the latent that the policy had at every step, and the one after the last.
        """
        model = self.networks.sequence_model
        memory = jax.lax.stop_gradient(memory)
        if self.memory_reset == "before-last-transition":
            _, latents = model.unroll(memory, transitions, trial_end)
            return jnp.concatenate([memory.latent[None], latents])
        prior = model.initial_memory().latent
        if not self.train_prior:
            fresh_start = jnp.zeros_like(fresh_start)
            prior = jax.lax.stop_gradient(prior)
        starts = jnp.concatenate([fresh_start[None], trial_end[:-1]])
        _, latents = model.unroll(memory, transitions, starts)
        first = select_start(fresh_start, prior, memory.latent)
        return jnp.concatenate([first[None], select_start(trial_end, prior, latents)])
