"""Proximal policy optimisation (Schulman et al. 2017) through the sequence model.

Latents are recomputed with gradients at every minibatch, so that the sequence model learns from
the policy's and the critic's losses alone.
"""

from dataclasses import replace
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from splagger.agent import Agent, Networks
from splagger.environments.task_information import TaskInformation
from splagger.foundation.device_mesh import split_environments
from splagger.learning.elbo import ElboLosses
from splagger.learning.input_gradients import InputGradients, input_gradients
from splagger.learning.rollout import Rollout
from splagger.learning.train_state import Hyperparameters
from splagger.policies.actor_critic import ActorCritic
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import Memory

Minibatches = Literal["time-steps", "environments"]
"""What a minibatch is made of. `time-steps`: random steps of all environments, the whole rollout
encoded anew for each, as published. `environments`: all steps of random environments, which alone
are encoded: the same samples an epoch for a fraction of the encoding."""


class Experience(eqx.Module):
    """What the loss needs of a rollout."""

    memory: Memory
    """Memories before the first step, `[environment, ...]`."""
    fresh_start: Bool[Array, " environment"]
    """Whether the first step was the first of a trial."""
    transitions: Transition
    """As the memory saw them, `[time, environment, ...]`."""
    trial_end: Bool[Array, "time environment"]
    """Whether a step ended its trial."""
    latents: Float[Array, "time environment latent"] | None
    """What the policy remembered, where its losses do not train the sequence model; None where they
    do, and latents are computed anew with gradients."""
    targets: "Targets"
    """What the policy is trained on, `[time, environment]`."""

    @classmethod
    def create(
        cls,
        rollout: Rollout,
        advantage: Float[Array, "time environment"],
        target: Float[Array, "time environment"],
        value: Float[Array, "time environment"],
        *,
        fixed_latents: bool,
        replay_noise: bool,
    ) -> "Experience":
        """Joins a rollout with standardised advantages, value targets and old values.

        **Arguments:**

        - `rollout`, `advantage`, `target`, `value`: what is joined.
        - `fixed_latents`: whether no gradient is to reach the sequence model.
        - `replay_noise`: whether the policy is trained on the samples of latents that it acted on,
            or on their means.
        """
        targets = Targets(
            rollout.observation,
            rollout.latent_noise if replay_noise else None,
            rollout.task,
            rollout.action,
            rollout.log_probability,
            advantage,
            target,
            value,
        )
        latents = rollout.latent if fixed_latents else None
        sequences = (rollout.transitions, rollout.trial_end, latents)
        return cls(rollout.memory, rollout.fresh_start, *sequences, targets)

    def environments(self, indices: Int[Array, " chosen"]) -> "Experience":
        """The experience of some of the environments."""
        first = jax.tree.map(lambda leaf: leaf[indices], (self.memory, self.fresh_start))
        rest = (self.transitions, self.trial_end, self.latents, self.targets)
        rest = jax.tree.map(lambda leaf: leaf[:, indices], rest)
        return Experience(*split_environments(first, 0), *split_environments(rest, 1))


class Targets(eqx.Module):
    """What the loss compares the policy with. All fields share their leading dimensions."""

    observation: Float[Array, "*batch observation"]
    """What the policy acted on, not normalised."""
    latent_noise: Float[Array, "*batch mean"] | None
    """What made samples of the latents that it saw; None for their means, or where it sees all
    of a latent."""
    task: TaskInformation
    """The true tasks."""
    action: Shaped[Array, "*batch_action"]
    """What it did."""
    log_probability: Float[Array, "*batch"]
    """Logarithm of the action's probability when it acted."""
    advantage: Float[Array, "*batch"]
    """Standardised advantage."""
    target: Float[Array, "*batch"]
    """Advantage plus old value, in units of normalised reward."""
    value: Float[Array, "*batch"]
    """The critic's value when the policy acted."""


class Losses(eqx.Module):
    """Means over a minibatch."""

    total: Float[Array, ""]
    """What is minimised."""
    policy: Float[Array, ""]
    """The clipped surrogate."""
    value: Float[Array, ""]
    """The value loss, with its factor 1/2."""
    entropy: Float[Array, ""]
    """The policy's entropy in nats."""
    log_ratio: Float[Array, ""]
    """The largest change of the logarithm of an action's probability."""
    inference: Float[Array, ""] | None = None
    """How far the embedded latents are from the embedded tasks, where they are drawn there."""
    inputs: InputGradients | None = None
    """How strongly the value depends on its inputs, where that is measured."""
    elbo: ElboLosses | None = None
    """The parts of a bound that is added to the total, where it is."""


def minibatch_loss(
    networks: Networks,
    agent: Agent,
    experience: Experience,
    samples: Int[Array, " sample"] | None,
    hyperparameters: Hyperparameters,
    *,
    gradient_steps: int | None = None,
    direct_inference: bool = False,
    measure_inputs: bool = False,
) -> tuple[Float[Array, ""], Losses]:
    """The loss of one minibatch.

    **Arguments:**

    - `networks`: the parameters that gradients are taken for.
    - `agent`: everything else of the agent; its own networks are not used.
    - `experience`: what is encoded.
    - `samples`: which of its steps make the loss, as `time * environments + environment`; None for
        all.
    - `hyperparameters`: weights and clip.
    - `gradient_steps`: over how many steps gradients flow through the encoder's recurrence; None:
        through the whole rollout.
    - `direct_inference`: whether the embedded latent is drawn to the embedded task (task inference,
        end to end; Beck et al. 2023).
    - `measure_inputs`: whether to measure how strongly the value depends on its inputs.
    """
    agent = eqx.tree_at(lambda a: a.networks, agent, networks)
    latents = experience.latents
    if latents is None:
        latents = agent.unroll(
            experience.memory,
            experience.transitions,
            experience.fresh_start,
            experience.trial_end,
            gradient_steps,
        )[:-1]
    # The encoding stays with its environments; what is drawn of it is shared out by sample.
    latents = split_environments(latents, 1)
    latent, targets = jax.tree.map(
        lambda leaf: jax.lax.collapse(leaf, 0, 2), (latents, experience.targets)
    )
    if samples is not None:
        latent, targets = jax.tree.map(lambda leaf: leaf[samples], (latent, targets))
        latent, targets = split_environments((latent, targets), 0)
    losses = policy_losses(agent, latent, targets, hyperparameters)
    if direct_inference:
        assert hyperparameters.inference is not None
        error = inference_error(agent, latent, targets)
        total = losses.total + hyperparameters.inference.weight * error
        losses = replace(losses, total=total, inference=error)
    if measure_inputs:
        seen = agent.policy_inputs(targets.observation, latent, targets.latent_noise, targets.task)
        inputs = input_gradients(networks.actor_critic, *seen)
        losses = replace(losses, inputs=inputs)
    return losses.total, losses


def policy_losses(
    agent: Agent,
    latent: Float[Array, "sample latent"],
    targets: Targets,
    hyperparameters: Hyperparameters,
) -> Losses:
    """PPO's losses of actor and critic for given latents."""
    policy = agent.networks.actor_critic
    clip = hyperparameters.clip
    inputs = agent.policy_inputs(targets.observation, latent, targets.latent_noise, targets.task)
    distribution, value = policy(*inputs)

    log_ratio = distribution.log_probability(targets.action) - targets.log_probability
    ratio = jnp.exp(log_ratio)
    surrogate = jnp.minimum(
        ratio * targets.advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * targets.advantage
    )
    policy_loss = -jnp.mean(surrogate)

    near = targets.value + jnp.clip(value - targets.value, -clip, clip)
    value_loss = 0.5 * jnp.mean(
        jnp.maximum(_smooth_l1(value - targets.target), _smooth_l1(near - targets.target))
    )
    entropy = jnp.mean(distribution.entropy())
    total = (
        hyperparameters.value_weight * value_loss
        + policy_loss
        - hyperparameters.entropy_weight * entropy
    )
    return Losses(total, policy_loss, value_loss, entropy, jnp.max(jnp.abs(log_ratio)))


def inference_error(
    agent: Agent, latent: Float[Array, "sample latent"], targets: Targets
) -> Float[Array, ""]:
    """The mean squared distance of the embedded latents from the embedded true tasks, which get no
    gradient."""
    policy = agent.networks.actor_critic
    assert isinstance(policy, ActorCritic)
    _, seen, task = agent.policy_inputs(
        targets.observation, latent, targets.latent_noise, targets.task
    )
    target = jax.lax.stop_gradient(policy.task_code(task.vector))
    return jnp.mean((policy.latent_embedding.embed(seen) - target) ** 2)


def _smooth_l1(error: Float[Array, "..."]) -> Float[Array, "..."]:
    """Quadratic up to an error of 1, linear beyond (Huber 1964)."""
    size = jnp.abs(error)
    return jnp.where(size < 1, 0.5 * error**2, size - 0.5)
