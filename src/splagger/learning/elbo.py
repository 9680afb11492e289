"""The evidence lower bound that task inference learns by (Zintgraf et al. 2020, section 3).

Every posterior of a trial, from the prior on, is a term: from its latent all transitions of the
trial are decoded, past and future, and it is to stay near the posterior before.
"""

from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from splagger.decoders.decoders import Decoders
from splagger.foundation.checks import check_choice
from splagger.foundation.errors import UserError
from splagger.foundation.gaussians import sample_gaussian
from splagger.learning.divergence import divergences
from splagger.learning.elbo_terms import Choices
from splagger.learning.trajectories import Trajectories
from splagger.sequence.split_aggregator import SplitAggregator
from splagger.sequence.starts import select_start

ElboScale = Literal["expectation", "published"]
"""How terms add up: as in the bound, or as the published code adds them (see `ElboRules`)."""

DivergenceFrom = Literal["previous", "prior"]
"""What posteriors are to stay near: the one before, or N(0, I)."""


@dataclass(frozen=True)
class ElboRules:
    """How the terms of the bound are made and added up.

    With the scale `"expectation"`, every loss is the sum over a trajectory's terms (and the
    transitions that they decode), averaged over trajectories.

    With `"published"`, reward and state are the same. Task and inference are *summed* over the
    trajectories, B times as much for B trajectories. So is the KL where all posteriors are terms.
    Where they are drawn, the divergences of *all* B trajectories at each of the times drawn for
    every trajectory are summed, B² as much on average; and where lengths differ this includes
    posteriors after a trajectory's end, from transitions of zeros.

    **Raises:** `UserError` for an unknown name.
    """

    scale: ElboScale = "expectation"
    """How terms add up."""
    kl_target: DivergenceFrom = "previous"
    """What posteriors are to stay near."""
    average_terms: bool = False
    """Whether terms are averaged instead of summed, over those that a trajectory has."""
    average_decodes: bool = False
    """Whether decoded transitions are averaged instead of summed."""

    def __post_init__(self) -> None:
        check_choice("scale", self.scale, ("expectation", "published"))
        check_choice("kl_target", self.kl_target, ("previous", "prior"))


class ElboWeights(eqx.Module):
    """What the parts of the loss are multiplied with."""

    reward: Float[Array, ""]
    """Of the decoded rewards."""
    state: Float[Array, ""]
    """Of the decoded observations."""
    task: Float[Array, ""]
    """Of the decoded task."""
    inference: Float[Array, ""]
    """Of the decoded code of the task."""
    kl: Float[Array, ""]
    """Of the divergences."""


class ElboLosses(eqx.Module):
    """The parts of the loss, which is the bound with its sign changed, without constants."""

    reward: Float[Array, ""]
    """Errors of decoded rewards: squared, or in nats for places; 0 without the decoder."""
    state: Float[Array, ""]
    """Squared errors of decoded observations; 0 without the decoder."""
    task: Float[Array, ""]
    """Errors of the decoded task: squared, or in nats for its index; 0 without the decoder."""
    inference: Float[Array, ""]
    """Squared errors of the decoded code of the task; 0 without the decoder."""
    kl: Float[Array, ""]
    """Divergences in nats, at least 0; 0 where latents are not random."""
    total: Float[Array, ""]
    """The parts, each times its weight, added up."""


def without_padding(trajectories: Trajectories) -> Trajectories:
    """The trajectories with zeros wherever there is no transition, or no trajectory at all."""
    transitions, task = trajectories.transitions, trajectories.task
    past_end = jnp.arange(transitions.reward.shape[0])[:, None] >= trajectories.length
    zeros = jax.tree.map(jnp.zeros_like, (transitions, task))
    return Trajectories(
        select_start(past_end, zeros[0], transitions),
        select_start(trajectories.length == 0, zeros[1], task),
        trajectories.length,
    )


def posteriors(
    model: SplitAggregator, trajectories: Trajectories, gradient_steps: int | None = None
) -> Float[Array, "time_plus_one trajectory latent"]:
    """The latent before any transition, the prior, and after each one.

    Those after a trajectory's end follow on transitions of zeros. Gradients flow over
    `gradient_steps` steps through the encoder's recurrence, over all if None.
    """
    transitions = without_padding(trajectories).transitions
    memory = model.initial_memory(trajectories.length.shape)
    starts = jnp.zeros(transitions.reward.shape, bool)
    _, latents = model.unroll(memory, transitions, starts, gradient_steps)
    return jnp.concatenate([memory.latent[None], latents])


def elbo(
    decoders: Decoders,
    latents: Float[Array, "time_plus_one trajectory latent"],
    noise: Float[Array, "time_plus_one trajectory half_latent"] | None,
    trajectories: Trajectories,
    choices: Choices,
    weights: ElboWeights,
    rules: ElboRules,
    code: Float[Array, "trajectory code"] | None = None,
) -> ElboLosses:
    """The loss of task inference, all parts 0 where there is no trajectory.

    **Arguments:**

    - `decoders`: those that there are.
    - `latents`: means, then logarithms of variances, as `posteriors` gives them.
    - `noise`: standard normal, with which latents are drawn for the decoders. None: nothing is
        drawn, decoders see means and logarithms of variances, and there is no divergence.
    - `trajectories`: what is decoded. What is after their end changes nothing.
    - `choices`: terms and decoded transitions.
    - `weights`: of the parts.
    - `rules`: how they are made and added up.
    - `code`: for `decoders.inference`, the policy's own codes of the true tasks, to which no
        gradient flows.

    **Raises:** `UserError` where there is a decoder of the code, but no code.
    """
    trajectories = without_padding(trajectories)
    trajectory = jnp.arange(latents.shape[1])
    seen = latents
    if noise is not None:
        mean, log_variance = jnp.split(latents, 2, axis=-1)
        seen = sample_gaussian(mean, log_variance, noise)
    terms = seen[choices.posterior, trajectory]
    transitions = jax.tree.map(
        lambda leaf: leaf[choices.decoded, trajectory], trajectories.transitions
    )
    there = trajectories.length > 0
    published = rules.scale == "published"
    zero = jnp.zeros((), latents.dtype)

    def over_terms(values: Float[Array, "term trajectory"], total: bool) -> Float[Array, ""]:
        each = _reduce(values, choices.posterior_counts, rules.average_terms)
        return _reduce(each, there, average=not total)

    def over_decodes(
        errors: Float[Array, "term decoded trajectory"],
    ) -> Float[Array, "term trajectory"]:
        decoded = jnp.swapaxes(errors, 0, 1)
        counts = choices.decoded_counts[:, None]
        return _reduce(decoded, counts, rules.average_decodes)

    reward = state = task = inference = kl = zero
    if decoders.reward is not None:
        errors = decoders.reward.errors(terms, transitions)
        reward = over_terms(over_decodes(errors), total=False)
    if decoders.state is not None:
        errors = decoders.state.errors(terms, transitions)
        state = over_terms(over_decodes(errors), total=False)
    if decoders.task is not None:
        errors = decoders.task.errors(terms, decoders.task_target(trajectories.task))
        task = over_terms(errors, total=published)
    if decoders.inference is not None:
        if code is None:
            raise UserError("code is None, but there is a decoder of it: it must be given.")
        target = jax.lax.stop_gradient(code)
        target = select_start(~there, jnp.zeros_like(target), target)
        inference = over_terms(decoders.inference.errors(terms, target), total=published)
    if noise is not None:
        table = divergences(latents, to_previous=rules.kl_target == "previous")
        if published and choices.subsampled:
            kl = _published_divergence(table, choices, there, rules.average_terms)
        else:
            kl = over_terms(table[choices.posterior, trajectory], total=published)
    total = (
        weights.reward * reward
        + weights.state * state
        + weights.task * task
        + weights.inference * inference
        + weights.kl * kl
    )
    return ElboLosses(reward, state, task, inference, kl, total)


def _published_divergence(
    table: Float[Array, "time_plus_one trajectory"],
    choices: Choices,
    there: Bool[Array, " trajectory"],
    average: bool,
) -> Float[Array, ""]:
    """The drawn times of all trajectories, each of them for all trajectories (see `ElboRules`)."""
    of_time = jnp.sum(jnp.where(there, table, 0), axis=1)
    drawn = of_time[choices.posterior].reshape(-1)
    return _reduce(drawn, choices.posterior_counts.reshape(-1), average)


def _reduce(
    values: Float[Array, "number *batch"], counts: Bool[Array, "number *counted"], average: bool
) -> Float[Array, "*batch"]:
    """Sum or mean over the first axis of the values that count, 0 where none does."""
    total = jnp.sum(jnp.where(counts, values, 0), axis=0)
    if not average:
        return total
    return total / jnp.maximum(jnp.sum(counts, axis=0), 1)
