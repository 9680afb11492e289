"""What is recorded of every update: scalars by name."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.decoders.decoders import Decoders
from splagger.learning.elbo import ElboLosses
from splagger.learning.ppo import Losses
from splagger.learning.rollout import Rollout

Metrics = dict[str, Array]
"""Scalars by name."""


def rollout_metrics(rollout: Rollout, *, diverges: bool) -> Metrics:
    """What happened in a rollout.

    **Arguments:**

    - `rollout`: which one.
    - `diverges`: whether simulated physics may fail, so that this is counted.
    """
    episodes = jnp.sum(rollout.episode_end)
    metrics = {
        "rollout_reward": jnp.sum(rollout.reward) / jnp.maximum(episodes, 1),
        "rollout_episodes": episodes,
        "rollout_success": jnp.sum(rollout.success) / jnp.maximum(episodes, 1),
    }
    if diverges:
        metrics["diverged_episodes"] = jnp.sum(rollout.diverged)
    return metrics


def loss_metrics(
    losses: Losses,
    norms: tuple[Float[Array, " step"], Float[Array, " step"]],
) -> Metrics:
    """Means over the optimiser's steps.

    **Arguments:**

    - `losses`: of the policy's steps, `[step]`.
    - `norms`: of the gradients of policy and sequence model, before they were clipped.
    """
    metrics = {
        "loss": jnp.mean(losses.total),
        "policy_loss": jnp.mean(losses.policy),
        "value_loss": jnp.mean(losses.value),
        "entropy": jnp.mean(losses.entropy),
        "first_log_ratio": losses.log_ratio[0],
        "last_log_ratio": losses.log_ratio[-1],
        "policy_gradient_norm": jnp.mean(norms[0]),
        "sequence_gradient_norm": jnp.mean(norms[1]),
    }
    if losses.inference is not None:
        metrics["embedding_error"] = jnp.mean(losses.inference)
    if losses.inputs is not None:
        measured = vars(losses.inputs)
        # Infinite as long as no head has moved and the latent has no influence.
        ratio = measured["observation_gradient"] / measured["latent_gradient"]
        measured = {**measured, "gradient_ratio": ratio}
        metrics |= {f"value_{name}": jnp.mean(value) for name, value in measured.items()}
    return metrics


def elbo_metrics(elbo: ElboLosses, decoders: Decoders | None) -> Metrics:
    """Means of the bound's parts over the optimiser's steps: the bound itself with its weights, and
    without them the divergence and the error of every decoder that there is.

    **Arguments:**

    - `elbo`: of all steps, `[step]`.
    - `decoders`: say which parts there are.
    """
    metrics = {"elbo": -jnp.mean(elbo.total), "kl": jnp.mean(elbo.kl)}
    for name in ("reward", "state", "task", "inference"):
        if getattr(decoders, name) is not None:
            metrics[f"{name}_error"] = jnp.mean(getattr(elbo, name))
    return metrics
