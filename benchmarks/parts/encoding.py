"""Encoding a rollout, forward and backward; the GRU alone, beside PyTorch's."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from case import Case
from measuring import in_turn
from peers.torch_gru import torch_gru
from rows import Row
from work import multiplied_weights, numbers, products

from splagger.sequence.encoders.gru import GRU


def measure(case: Case) -> Iterator[Row]:
    """Rows for the whole sequence model; and for its encoder alone, if it is a GRU."""
    experience = case.experience
    models = case.state.agent.networks.sequence_model

    def unroll(model, experience):
        return model.unroll(experience.memory, experience.transitions, experience.trial_end)[1]

    def gradient(model, experience):
        return jax.value_and_grad(lambda model: jnp.mean(jnp.sin(unroll(model, experience))))(model)

    forward, both = case.compiled(unroll), case.compiled(gradient)
    measured = in_turn(
        {
            "encoding, forward": lambda: forward(models, experience),
            "encoding": lambda: both(models, experience),
        },
        case.repeats,
    )
    count = case.work.optimiser_steps
    for name, gradients in (("encoding, forward", False), ("encoding", True)):
        yield case.row(
            measured,
            name,
            f"{case.sizes}, {'forward and backward' if gradients else 'without gradients'}",
            [case.work.encoding(case.work.frames, gradients=gradients)],
            frames=case.frames,
            remark=f"{count} times an update where minibatches are of time steps"
            if gradients
            else "",
        )
    if isinstance(models.encoder, GRU):
        yield _gru(case, models.encoder)


def _gru(case: Case, encoders: GRU) -> Row:
    """The GRU alone from embedded transitions, with gradients for inputs and weights."""
    learning = case.settings.learning
    inputs = encoders.from_input.weight.shape[-2]
    shape = (case.members, learning.steps, learning.environments)
    xs = jax.random.normal(jax.random.key(0), (*shape, inputs))
    starts = jnp.zeros(shape, bool)
    state = jnp.zeros((case.members, learning.environments, encoders.size))

    def gradient(encoder, xs, starts, state):
        def total(encoder, xs):
            return jnp.mean(encoder.unroll(state, encoder.start(), xs, starts)[1] ** 2)

        return jax.value_and_grad(total, argnums=(0, 1))(encoder, xs)

    both = case.compiled(gradient)
    calls: dict[str, Callable[[], Any]] = {"GRU": lambda: both(encoders, xs, starts, state)}
    peer, remark = torch_gru(xs, encoders.size)
    name = None
    if peer is not None:
        name = "PyTorch's GRU"
        calls[name] = peer
    measured = in_turn(calls, case.repeats)
    weights = multiplied_weights(encoders) // case.members
    parameters = numbers(encoders) // case.members
    samples = learning.steps * learning.environments
    work = products(weights, samples, parameters, inputs + encoders.size, gradients=True)
    sizes = f"{case.sizes}, {inputs} to {encoders.size}, forward and backward"
    return case.row(measured, "GRU", sizes, [work], peer=name, remark=remark)
