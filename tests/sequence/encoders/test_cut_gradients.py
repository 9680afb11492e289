"""Cut gradients: against pieces of a sequence that are encoded one after the other, each from the
state that the one before left, as a constant."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.encoder_runs import ENVIRONMENTS, INPUTS, SOME, TIME, random, starts_at
from support.parity import difference
from support.sequence_models import (
    Kind,
    random_transitions,
    randomised,
    some_memory,
    tiny_model,
)
from support.sequence_models import starts_at as model_starts_at

from splagger.sequence.encoders.cut_gradients import unroll_with_cuts
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.encoders.gru import GRU
from splagger.sequence.encoders.linear_recurrence import LinearRecurrence
from splagger.sequence.encoders.lstm import LSTM
from splagger.sequence.starts import broadcast

SIZE = 5

pytestmark = pytest.mark.usefixtures("float64")


class PlainGRU(GRU):
    """A GRU by the scan that every encoder has, differentiated automatically."""

    unroll = Encoder.unroll


def encoder_of(kind: str) -> Encoder:
    """An encoder whose parameters are all random."""

    def create(key):
        match kind:
            case "lstm":
                return LSTM.create(key, INPUTS, SIZE)
            case "linear":
                return LinearRecurrence.create(key, INPUTS, SIZE, gate_bias=0.0, scan="parallel")
        return (PlainGRU if kind == "scan" else GRU).create(key, INPUTS, SIZE)

    return randomised(eqx.filter_eval_shape(create, jax.random.key(0)))


def one_by_one(encoder, state, fresh, xs, starts, steps):
    pieces = []
    for first in range(0, TIME, steps):
        if first:
            state = jax.lax.stop_gradient(state)
        piece = slice(first, first + steps)
        state, outputs = encoder.unroll(state, fresh, xs[piece], starts[piece])
        pieces.append(outputs)
    return state, jnp.concatenate(pieces)


# Pieces of 3 fill the sequence of 9; those of 4 leave one step over.
@pytest.mark.parametrize(("kind", "steps"), [("gru", 4), ("lstm", 3), ("linear", 4), ("scan", 3)])
def test_gradients_end_where_pieces_do(kind: str, steps: int):
    encoder = encoder_of(kind)
    state = randomised(broadcast(encoder.start(), (ENVIRONMENTS,)))
    starts = starts_at(*SOME)

    def compute(unroll, arguments):
        def total(arguments):
            last, outputs = unroll(*arguments, starts, steps)
            parts = [outputs, *jax.tree.leaves(last)]
            weighted = sum(jnp.sum(jnp.sin(part) * random(*part.shape)) for part in parts)
            return weighted, parts

        gradients, parts = eqx.filter_grad(total, has_aux=True)(arguments)
        return jax.tree.leaves((parts, gradients))

    @eqx.filter_jit
    def run(arguments):
        uncut = jax.tree.leaves(arguments[0].unroll(*arguments[1:], starts)[::-1])
        return uncut, compute(unroll_with_cuts, arguments), compute(one_by_one, arguments)

    uncut, ours, expected = run(
        (encoder, state, randomised(encoder.start()), random(TIME, ENVIRONMENTS, INPUTS))
    )
    assert max(map(difference, ours, expected)) <= 1e-12
    assert max(map(difference, ours, uncut)) <= 1e-12  # as many as there are: the values
    assert all(np.abs(leaf).max() > 1e-3 for leaf in expected)


def test_without_a_cut_nothing_changes():
    arguments = (encoder_of("gru"), random(ENVIRONMENTS, SIZE), random(SIZE))
    sequence = (random(TIME, ENVIRONMENTS, INPUTS), starts_at(*SOME))

    def program(steps):
        return str(jax.make_jaxpr(lambda: unroll_with_cuts(*arguments, *sequence, steps))())

    assert program(None) == program(TIME) == program(TIME + 1) != program(TIME - 1)


def test_the_aggregator_carries_gradients_over_cuts():
    model = tiny_model(Kind("gru", "mean", split=True))
    memory, transitions = some_memory(model), random_transitions()

    def last_latent(observation, passing):
        changed = eqx.tree_at(lambda t: t.observation, transitions, observation)
        starts = model_starts_at()
        final, latents = model.unroll(memory, changed, starts, 2)
        # Without the aggregate, the encoder's state is all there is.
        return jnp.sum(final.encoder if passing else latents[-1])

    @jax.jit
    def gradients(observation):
        return [jax.grad(last_latent)(observation, passing) for passing in (False, True)]

    by_latent, by_state = gradients(transitions.observation)
    assert np.abs(by_latent[0]).max() > 0
    assert np.abs(by_state[-1]).max() > 0
    np.testing.assert_array_equal(by_state[:-1], 0)
