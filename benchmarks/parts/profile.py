"""Where an update's time goes: its large costs, each beside its floor and as a share of the update.

The pieces are compiled and timed alone, in turn with the whole update, so their sum need not be the
update's time exactly; what is left is the row `rest`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from case import Case
from measuring import Measured, Work, in_turn
from rows import Row

from splagger.learning.optimisers import clip_by_norm
from splagger.learning.ppo import policy_losses
from splagger.learning.rollout import rollout_values

Piece = tuple[int, Work, Callable[[], Any]]
"""How often it is in an update, its work, and a call that does it."""


def measure(case: Case) -> Iterator[Row]:
    """A row for every piece, for the whole, and for the difference."""
    pieces = _pieces(case)
    calls = {name: call for name, (_, _, call) in pieces.items()}
    measured = in_turn({"whole update": case.updates(), **calls}, case.repeats)
    whole = measured.median("whole update")
    total = sum(count * measured.median(name) for name, (count, _, _) in pieces.items())
    for name, (count, work, _) in pieces.items():
        row = _row(case, measured, name, count, [work])
        yield replace(row, remark=f"{100 * count * measured.median(name) / whole:.1f} % of update")
    yield _row(case, measured, "whole update", 1, case.work.phases)
    yield Row(
        name="profile, rest",
        what="the whole without the pieces: gathering samples, copies, advantages, metrics",
        milliseconds=1000 * (whole - total),
        remark=f"{100 * (whole - total) / whole:.1f} % of update",
    )


def _row(case: Case, measured: Measured, name: str, count: int, phases: list[Work]) -> Row:
    row = case.row(measured, name, f"{case.sizes}, {count} in an update", phases)
    return replace(row, name=f"profile, {name}")


def _pieces(case: Case) -> dict[str, Piece]:
    work, state, experience = case.work, case.state, case.experience
    steps, rollout = work.optimiser_steps, case.rollout(state)[1]
    learning = case.settings.learning
    kind = learning.minibatch_kind
    chosen, count = experience, work.samples
    if kind == "environments":
        indices = jnp.arange(learning.environments // learning.minibatches)
        chosen = case.compiled(lambda experience: experience.environments(indices))(experience)
    values = case.compiled(lambda state, rollout: rollout_values(state.agent, rollout))

    def encode(agent, experience):
        def total(model):
            changed = replace(agent, networks=replace(agent.networks, sequence_model=model))
            latents = changed.unroll(
                experience.memory,
                experience.transitions,
                experience.fresh_start,
                experience.trial_end,
            )
            return jnp.sum(latents**2)

        return jax.grad(total)(agent.networks.sequence_model)

    def learn_policy(agent, numbers, targets, latents):
        def total(policy, latents):
            changed = replace(agent, networks=replace(agent.networks, actor_critic=policy))
            return policy_losses(changed, latents, targets, numbers).total

        return jax.grad(total, argnums=(0, 1))(agent.networks.actor_critic, latents)

    def improve(state):
        gradient, optimisers = state.agent.networks, case.learner.optimisers
        numbers = state.hyperparameters
        policy, _ = clip_by_norm(gradient.actor_critic, numbers.maximum_gradient_norm)
        model, _ = clip_by_norm(gradient.sequence_model, numbers.maximum_gradient_norm)
        clipped = replace(gradient, actor_critic=policy, sequence_model=model)
        networks, moments = optimisers.step_policy(
            gradient, clipped, state.optimiser, numbers.learning_rate
        )
        return optimisers.step_sequence(networks, clipped, moments, numbers.learning_rate)

    targets, latents = jax.tree.map(
        lambda leaf: jax.lax.collapse(leaf, 1, 3)[:, :count], (experience.targets, rollout.latent)
    )
    encoding, policy = case.compiled(encode), case.compiled(learn_policy)
    optimiser = case.compiled(improve)
    agent, numbers = state.agent, state.hyperparameters
    return {
        "rollout": (1, work.acting, lambda: case.rollout(state)),
        "values": (1, work.values, lambda: values(state, rollout)),
        "encoding": (
            steps,
            work.encoding(work.encoded, gradients=True),
            lambda: encoding(agent, chosen),
        ),
        "policy loss": (
            steps,
            work.policy(work.samples, gradients=True),
            lambda: policy(agent, numbers, targets, latents),
        ),
        "optimiser": (steps, work.optimiser_step, lambda: optimiser(state)),
    }
