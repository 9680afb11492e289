"""What the sequence model learns from besides, or instead of, the losses of actor and critic.

Any objective goes with any sequence model and policy: it is given latents and gives a loss.
"""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.agent import Agent, Networks
from splagger.environments.task_information import TaskInformation
from splagger.learning.elbo import ElboLosses, ElboRules, ElboWeights, elbo, posteriors
from splagger.learning.elbo_terms import choose_terms
from splagger.learning.optimisers import Optimisers, OptimiserState
from splagger.learning.trajectory_buffer import TrajectoryBuffer
from splagger.policies.actor_critic import ActorCritic

InferenceTarget = Literal["task-code", "base-network"]
"""What task inference predicts: the policy's embedding of the true task, or all weights that its
hypernetwork generates for it."""


class ElboNumbers(eqx.Module):
    """Numbers of the bound that may differ between members and cost no new compilation."""

    learning_rate: Float[Array, ""]
    """Of its own optimiser steps, above 0."""
    weight: Float[Array, ""]
    """Of the bound where it is added to the policy's loss, at least 0."""
    weights: ElboWeights
    """Of its parts."""


class InferenceNumbers(eqx.Module):
    """The same of task inference."""

    weight: Float[Array, ""]
    """Of direct inference in the policy's loss, at least 0."""
    warm_up_updates: Float[Array, ""]
    """For how many updates the policy is told the true task."""


class ElboObjective(eqx.Module):
    """The evidence lower bound, estimated on remembered trials (Zintgraf et al. 2020)."""

    capacity: int = eqx.field(static=True)
    """How many whole trials are remembered."""
    horizon: int = eqx.field(static=True)
    """The most transitions of a trial."""
    trajectories: int = eqx.field(static=True)
    """How many of them an estimate looks at."""
    updates: int = eqx.field(static=True)
    """Optimiser steps after every update of the policy."""
    terms: int | None = eqx.field(static=True)
    """At how many times of a trial the bound is taken; None for all."""
    decodes: int | None = eqx.field(static=True)
    """How many transitions are predicted each time; None for all."""
    resample: bool = eqx.field(static=True)
    """Whether they are drawn with replacement."""
    stochastic: bool = eqx.field(static=True)
    """Whether decoders see a sample of the latent, and there is a divergence."""
    rules: ElboRules = eqx.field(static=True)
    """How its parts are made and added up."""
    gradient_steps: int | None = eqx.field(static=True)
    """Over how many steps gradients flow through the encoder's recurrence; None: through the whole
    trial."""
    inference: InferenceTarget | None = eqx.field(static=True)
    """What is inferred of the policy's view of the task; None: nothing."""

    def losses(
        self,
        networks: Networks,
        agent: Agent,
        buffer: TrajectoryBuffer,
        key: PRNGKeyArray,
        weights: ElboWeights,
    ) -> ElboLosses:
        """Estimates the bound on some remembered trials.

        **Arguments:**

        - `networks`: the parameters that gradients are taken for; none reach the policy.
        - `agent`: everything else of the agent; its own networks are not used.
        - `buffer`: remembers trials; without any, the losses are 0.
        - `key`: randomness of trials, times and samples.
        - `weights`: of the parts.
        """
        trial_key, time_key, noise_key = jax.random.split(key, 3)
        trajectories = buffer.sample(trial_key, self.trajectories).split()
        choices = choose_terms(
            time_key,
            trajectories.length,
            self.horizon,
            terms=self.terms,
            decodes=self.decodes,
            resample=self.resample,
        )
        latents = posteriors(networks.sequence_model, trajectories, self.gradient_steps)
        noise = None
        if self.stochastic:
            shape = (*latents.shape[:-1], latents.shape[-1] // 2)
            noise = jax.random.normal(noise_key, shape, latents.dtype)
        code = None
        if self.inference is not None:
            code = inference_target(networks, agent, trajectories.task, self.inference)
        assert networks.decoders is not None
        given = (trajectories, choices, weights, self.rules, code)
        return elbo(networks.decoders, latents, noise, *given)

    def improve(
        self,
        agent: Agent,
        optimiser: OptimiserState,
        optimisers: Optimisers,
        buffer: TrajectoryBuffer,
        key: PRNGKeyArray,
        numbers: ElboNumbers,
    ) -> tuple[Agent, OptimiserState, ElboLosses]:
        """Takes the optimiser's steps, unless no trial has ended yet.

        **Returns:** the agent, the optimiser's state, and the losses of every step, `[step]`.
        """

        def step(carry, key):
            agent, optimiser = carry

            def loss(networks):
                losses = self.losses(networks, agent, buffer, key, numbers.weights)
                return losses.total, losses

            gradient, losses = jax.grad(loss, has_aux=True)(agent.networks)
            networks, optimiser = optimisers.step_sequence(
                agent.networks, gradient, optimiser, numbers.learning_rate
            )
            return (eqx.tree_at(lambda a: a.networks, agent, networks), optimiser), losses

        keys = jax.random.split(key, self.updates)
        (new_agent, new_optimiser), losses = jax.lax.scan(step, (agent, optimiser), keys)
        agent, optimiser = jax.tree.map(
            lambda new, old: jnp.where(buffer.rows_filled > 0, new, old),
            (new_agent, new_optimiser),
            (agent, optimiser),
        )
        return agent, optimiser, losses


class Objective(eqx.Module):
    """All that an agent's sequence model learns from, and what the policy is told meanwhile. By
    default it learns end to end, and nothing is told."""

    policy_gradient: bool = eqx.field(static=True, default=True)
    """Whether it learns from the losses of actor and critic."""
    elbo: ElboObjective | None = None
    """Whether it learns to predict what happens in a trial."""
    direct_inference: bool = eqx.field(static=True, default=False)
    """Whether the policy's embedding of the latent is drawn to that of the true task."""
    freeze_in_warm_up: bool = eqx.field(static=True, default=False)
    """Whether the bound teaches nothing while the policy is told the task."""
    reset_after_warm_up: bool = eqx.field(static=True, default=False)
    """Whether the policy starts anew when it is no longer told the task, its embedding of the task
    excepted (Q36: the optimiser's moments stay)."""


def inference_target(
    networks: Networks, agent: Agent, task: TaskInformation, target: InferenceTarget
) -> Float[Array, "*batch target"]:
    """What task inference predicts for some true tasks. No gradient passes through."""
    policy = networks.actor_critic
    assert isinstance(policy, ActorCritic)
    assert agent.tasks is not None
    vector = agent.tasks.normalise(task.vector)
    view = policy.task_code if target == "task-code" else policy.generated_parameters
    return jax.lax.stop_gradient(view(vector))
