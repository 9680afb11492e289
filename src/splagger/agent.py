"""The agent: a sequence model and an actor-critic, behind a few functions."""

from dataclasses import replace
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, Shaped

from splagger.decoders.decoders import Decoders
from splagger.environments.task_information import TaskInformation
from splagger.foundation.gaussians import sample_gaussian
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
    decoders: Decoders | None = None
    """From the latent to what it is to predict, where that trains it. Acting needs none."""


class Choice(eqx.Module):
    """What an agent chose, and what is needed to replay it."""

    action: Shaped[Array, "*action"]
    """The action."""
    log_probability: Float[Array, "*batch"]
    """Logarithm of its probability, given the latent that the policy saw."""
    latent_noise: Float[Array, "*batch mean"] | None
    """The standard normal numbers that made a sample of the latent; None where none was drawn."""


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
    latents: RunningMoments | None = None
    """Statistics that normalise what the policy sees of the latent. None where its losses train the
    sequence model: it then sees the latent as it is."""
    tasks: RunningMoments | None = None
    """Statistics that normalise task vectors, where the policy may be told the task."""
    told: Bool[Array, ""] | None = None
    """Whether the policy is told the true task in place of its latent: true in the warm-up of task
    inference, while training. None for agents that never are."""
    sample_latent: bool = eqx.field(static=True, default=False)
    """Whether the policy sees a sample of the latent, and not its means and variances."""

    def initial_memory(self, batch: tuple[int, ...] = ()) -> Memory:
        """The memory at a trial's start, for a batch of that shape."""
        return self.networks.sequence_model.initial_memory(batch)

    def on_its_own(self) -> "Agent":
        """The same agent, told nothing: as it is evaluated."""
        if self.told is None:
            return self
        return eqx.tree_at(lambda agent: agent.told, self, jnp.zeros_like(self.told))

    def act(
        self,
        memory: Memory,
        observation: Float[Array, "*batch observation"],
        task: TaskInformation,
        key: Key[Array, "*keys"] | None,
    ) -> Choice:
        """Chooses an action.

        **Arguments:**

        - `memory`, `observation`: what the choice rests on.
        - `task`: the true task, for policies that are told it.
        - `key`: randomness of the draws, one key for the batch, or `[batch]` one for every item, so
            that its action does not depend on the others; None takes the most likely action, for
            the mean where the policy is used to samples of the latent.
        """
        noise = None
        if self.sample_latent and key is not None:
            size = memory.latent.shape[-1] // 2
            dtype = memory.latent.dtype
            if key.ndim == 0:
                key, noise_key = jax.random.split(key)
                noise = jax.random.normal(noise_key, (*memory.latent.shape[:-1], size), dtype)
            else:
                key, noise_key = jnp.moveaxis(jax.vmap(jax.random.split)(key), 1, 0)
                noise = jax.vmap(lambda its_key: jax.random.normal(its_key, (size,), dtype))(
                    noise_key
                )
        inputs = self.policy_inputs(observation, memory.latent, noise, task)
        distribution = self.networks.actor_critic.act_distribution(*inputs)
        if key is None:
            action = distribution.mode()
        elif key.ndim == 0:
            action = distribution.sample(key)
        else:
            action = jax.vmap(lambda one, its_key: one.sample(its_key))(distribution, key)
        return Choice(action, distribution.log_probability(action), noise)

    def value(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
        latent_noise: Float[Array, "*batch mean"] | None,
        task: TaskInformation,
    ) -> Float[Array, "*batch"]:
        """The estimated normalised return of the rest of the trial; the arguments are those of
        `policy_inputs`."""
        inputs = self.policy_inputs(observation, latent, latent_noise, task)
        return self.networks.actor_critic.value(*inputs)

    def policy_inputs(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
        latent_noise: Float[Array, "*batch mean"] | None,
        task: TaskInformation,
    ) -> tuple[Float[Array, "*batch observation"], Float[Array, "*batch seen"], TaskInformation]:
        """What the policy itself is given.

        **Arguments:**

        - `observation`: not normalised.
        - `latent`: means, then logarithms of variances.
        - `latent_noise`: makes a sample of the latent, where the policy sees samples; None for the
            mean.
        - `task`: the true task.

        **Returns:** observation, latent and task, normalised where the policy expects it.
        """
        seen = self.seen_latent(latent, latent_noise)
        if self.latents is not None:
            seen = self.latents.normalise(seen)
        if self.tasks is not None:
            task = replace(task, vector=self.tasks.normalise(task.vector))
        if self.told is not None:
            task = replace(task, told=self.told)
        return self.observations.normalise(observation), seen, task

    def seen_latent(
        self,
        latent: Float[Array, "*batch latent"],
        latent_noise: Float[Array, "*batch mean"] | None,
    ) -> Float[Array, "*batch seen"]:
        """What the policy sees of a latent, before it is normalised: all of it, or a sample."""
        if not self.sample_latent:
            return latent
        mean, log_variance = jnp.split(latent, 2, axis=-1)
        return mean if latent_noise is None else sample_gaussian(mean, log_variance, latent_noise)

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
        gradient_steps: int | None = None,
    ) -> Float[Array, "time_plus_one environment latent"]:
        """Recomputes the latents of a rollout with gradients.

        **Arguments:**

        - `memory`: the memory that the rollout began with; no gradient goes into it.
        - `transitions`: of the rollout, `[time, environment, ...]`.
        - `fresh_start`: whether a trial starts at the rollout's first step.
        - `trial_end`: whether a transition ended its trial.
        - `gradient_steps`: over how many steps gradients flow through the encoder's recurrence;
            None: through the whole rollout.

        **Returns:** the latent that the policy had at every step, and the one after the last.
        """
        model = self.networks.sequence_model
        memory = jax.lax.stop_gradient(memory)
        if self.memory_reset == "before-last-transition":
            _, latents = model.unroll(memory, transitions, trial_end, gradient_steps)
            return jnp.concatenate([memory.latent[None], latents])
        prior = model.initial_memory().latent
        if not self.train_prior:
            fresh_start = jnp.zeros_like(fresh_start)
            prior = jax.lax.stop_gradient(prior)
        starts = jnp.concatenate([fresh_start[None], trial_end[:-1]])
        _, latents = model.unroll(memory, transitions, starts, gradient_steps)
        first = select_start(fresh_start, prior, memory.latent)
        return jnp.concatenate([first[None], select_start(trial_end, prior, latents)])
