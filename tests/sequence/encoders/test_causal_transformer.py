"""The causal transformer against its formulas, and `unroll` against `step`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.encoder_runs import (
    ENVIRONMENTS,
    INPUTS,
    SOME,
    TIME,
    Way,
    random,
    run,
    starts_at,
    unroll,
)
from support.parity import difference

from splagger.sequence.encoders.causal_transformer import CausalTransformer, KeyValueCache, rotate
from splagger.sequence.starts import broadcast

SIZE, WIDTH, LAYERS, HEADS, CAPACITY = 5, 8, 2, 2, 4

pytestmark = pytest.mark.usefixtures("float64")


def tiny(capacity: int = CAPACITY) -> CausalTransformer:
    """A transformer whose parameters are all random, also those that start at 0 or 1."""

    def create(key):
        return CausalTransformer.create(
            key, INPUTS, SIZE, width=WIDTH, layers=LAYERS, heads=HEADS, capacity=capacity
        )

    generator = np.random.default_rng(1)
    return jax.tree.map(
        lambda leaf: jnp.asarray(generator.normal(scale=0.5, size=leaf.shape)),
        eqx.filter_eval_shape(create, jax.random.key(0)),
    )


def fresh_state(encoder: CausalTransformer) -> KeyValueCache:
    return broadcast(encoder.start(), (ENVIRONMENTS,))


def some_state(encoder: CausalTransformer) -> KeyValueCache:
    """After a few transitions: of one trial more, and of one fewer, than the cache holds."""
    state, _ = unroll(
        encoder, fresh_state(encoder), random(TIME, ENVIRONMENTS, INPUTS), starts_at((TIME - 2, 1))
    )
    np.testing.assert_array_equal(state.count, [TIME, 2, TIME])
    return state


def test_unroll_equals_stepping_in_values_and_gradients():
    encoder = tiny()
    arguments = some_state(encoder), random(TIME, ENVIRONMENTS, INPUTS), starts_at(*SOME)
    stepped, unrolled = (
        jax.tree.leaves(run(way, encoder, *arguments)) for way in ("step", "unroll")
    )
    assert max(map(difference, unrolled, stepped)) <= 1e-9
    *_, (to_encoder, to_state, to_xs) = run("unroll", encoder, *arguments)
    assert not np.any(to_state.count)  # positions are whole numbers
    gradients = jax.tree.leaves((to_encoder, to_state.keys, to_state.values, to_xs))
    assert all(np.abs(leaf).max() > 1e-3 for leaf in gradients)


def test_outputs_follow_the_formulas():
    """Every trial alone, by loops over what every transition sees."""
    encoder, xs, starts = tiny(), random(TIME, ENVIRONMENTS, INPUTS), starts_at(*SOME)
    _, outputs = unroll(encoder, fresh_state(encoder), xs, starts)
    for environment in range(ENVIRONMENTS):
        first = [0, *(t for t in range(1, TIME) if starts[t, environment]), TIME]
        for begin, end in zip(first, first[1:], strict=False):
            expected = one_trial(encoder, np.asarray(xs[begin:end, environment]))
            assert difference(outputs[begin:end, environment], expected) <= 1e-9


def one_trial(encoder: CausalTransformer, xs: np.ndarray) -> np.ndarray:
    def apply(linear, x):
        return x @ np.asarray(linear.weight) + np.asarray(linear.bias)

    def normalise(norm, x):
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return centred / deviation * np.asarray(norm.scale) + np.asarray(norm.shift)

    def turn(vector, position):
        pairs = vector.size // 2
        numbers = vector[:pairs] + 1j * vector[pairs:]
        turned = numbers * np.exp(1j * position * 10000.0 ** (-np.arange(pairs) / pairs))
        return np.concatenate([turned.real, turned.imag])

    tokens = apply(encoder.input, xs)
    for block in encoder.blocks:
        stacked = apply(block.attention.from_tokens, normalise(block.attention_norm, tokens))
        q, k, v = stacked.reshape(len(xs), 3, HEADS, -1).transpose(1, 0, 2, 3)
        heads = np.zeros(v.shape)
        for t in range(len(xs)):
            seen = range(max(0, t - CAPACITY + 1), t + 1)
            for head in range(HEADS):
                scores = np.asarray([turn(q[t, head], t) @ turn(k[s, head], s) for s in seen])
                weights = np.exp(scores / np.sqrt(WIDTH // HEADS))
                weights /= weights.sum()
                heads[t, head] = sum(w * v[s, head] for w, s in zip(weights, seen, strict=True))
        tokens = tokens + apply(block.attention.to_tokens, heads.reshape(len(xs), -1))
        hidden = apply(block.widen, normalise(block.feed_forward_norm, tokens))
        tokens = tokens + apply(block.narrow, np.asarray(jax.nn.gelu(hidden)))
    return apply(encoder.output, normalise(encoder.output_norm, tokens))


def test_a_sequence_in_pieces_equals_the_whole():
    encoder, xs, starts = tiny(), random(TIME, ENVIRONMENTS, INPUTS), starts_at(*SOME)
    state = some_state(encoder)
    whole = unroll(encoder, state, xs, starts)
    pieces = []
    for begin, end in ((0, 2), (2, 3), (3, TIME)):  # shorter and longer than the cache
        state, outputs = unroll(encoder, state, xs[begin:end], starts[begin:end])
        pieces.append(outputs)
    together = state, jnp.concatenate(pieces)
    differences = map(difference, jax.tree.leaves(together), jax.tree.leaves(whole))
    assert max(differences) <= 1e-9


def test_a_capacity_of_one_sees_the_transition_itself_alone():
    encoder, xs = tiny(capacity=1), random(TIME, ENVIRONMENTS, INPUTS)
    state, outputs = unroll(encoder, fresh_state(encoder), xs, starts_at(*SOME))
    assert state.keys.shape == (ENVIRONMENTS, LAYERS, 0, HEADS, WIDTH // HEADS)
    _, backwards = unroll(encoder, fresh_state(encoder), xs[::-1], starts_at(*SOME))
    assert difference(outputs, backwards[::-1]) <= 1e-9


@pytest.mark.parametrize("way", ["step", "unroll"])
@pytest.mark.parametrize("bad", [jnp.nan, jnp.inf])
def test_nothing_infinite_or_undefined_passes_a_trial_start(bad: float, way: Way):
    encoder, xs = tiny(), random(TIME, ENVIRONMENTS, INPUTS)
    state = some_state(encoder)
    poisoned = jax.tree.map(lambda leaf: jnp.full_like(leaf, bad), state)

    at_once = starts_at(*((0, number) for number in range(ENVIRONMENTS)))
    *expected, (to_encoder, _, to_xs) = run(way, encoder, state, xs, at_once)
    *actual, (gradient, to_poison, to_inputs) = run(way, encoder, poisoned, xs, at_once)
    jax.tree.map(
        np.testing.assert_array_equal,
        (*actual, gradient, to_inputs),
        (*expected, to_encoder, to_xs),
    )
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(to_poison))

    later = starts_at(*((3, number) for number in range(ENVIRONMENTS)))
    expected_state, expected, _ = run(way, encoder, state, xs, later)
    poisoned = KeyValueCache(poisoned.keys, poisoned.values, state.count)
    last, outputs, _ = run(way, encoder, poisoned, xs, later)
    assert np.isnan(outputs[:3]).all()
    assert difference(outputs[3:], expected[3:]) <= 1e-9
    jax.tree.map(np.testing.assert_allclose, last, expected_state)


def test_products_of_rotated_vectors_depend_on_the_distance_alone():
    x, y = random(1, 1, 6), random(1, 1, 6)[..., ::-1]

    def product(first: int, second: int):
        turned = rotate(x, jnp.asarray([first])), rotate(y, jnp.asarray([second]))
        return np.sum(turned[0] * turned[1])

    np.testing.assert_allclose(product(7, 4), product(603, 600), rtol=1e-9)
    np.testing.assert_allclose(product(0, 0), np.sum(x * y), rtol=1e-12)
    assert abs(product(7, 4) - product(7, 5)) > 1e-3


def test_encoder_starts_with_an_empty_cache():
    encoder = tiny()
    start = encoder.start()
    assert start.keys.shape == (LAYERS, CAPACITY - 1, HEADS, WIDTH // HEADS)
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(start))
