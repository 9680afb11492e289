import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.encoder_runs import random
from support.parity import difference

from splagger.sequence.encoders.attention import Attention, LayerNorm, attend

pytestmark = pytest.mark.usefixtures("float64")

ITEMS, QUERIES, KEYS, HEADS, FEATURES = 5, 3, 4, 2, 6


@pytest.mark.parametrize("backend", ["cpu", "gpu"])  # where only the order of the work differs
def test_attention_is_a_softmax_over_the_visible_keys(
    backend: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    # Room for four of the ten heads: the last ones are a remainder.
    monkeypatch.setattr("splagger.sequence.encoders.attention._SCORES_AT_ONCE", 4 * QUERIES * KEYS)
    queries = random(ITEMS, 1, QUERIES, HEADS, FEATURES)
    keys, values = random(2, ITEMS, 1, KEYS, HEADS, FEATURES)
    visible = np.random.default_rng(0).random((ITEMS, 1, QUERIES, KEYS)) < 0.5
    visible[..., 1] = True
    attended = jax.jit(attend)(queries, keys, values, jnp.asarray(visible))
    for index in np.ndindex(ITEMS, 1, QUERIES, HEADS):
        item, query, head = index[:2], index[2], index[3]
        seen = np.flatnonzero(visible[item][query])
        scores = np.asarray([queries[index] @ keys[item][key, head] for key in seen])
        weights = np.exp(scores / FEATURES**0.5)
        expected = weights @ np.asarray(values[item][seen, head]) / weights.sum()
        assert difference(attended[index], expected) <= 1e-9


def test_tokens_are_divided_into_heads_and_merged_again():
    tokens = random(ITEMS, KEYS, HEADS * FEATURES)
    attention = Attention.create(jax.random.key(0), HEADS * FEATURES, HEADS)
    stacked = attention.from_tokens(tokens)
    for number, part in enumerate(attention.divide(tokens)):
        assert part.shape == (ITEMS, KEYS, HEADS, FEATURES)
        one = stacked[..., number * HEADS * FEATURES :][..., : HEADS * FEATURES]
        np.testing.assert_array_equal(part[..., 1, :], one[..., FEATURES:])
        assert difference(attention.merge(part), attention.to_tokens(one)) <= 1e-12


def test_layer_norm_standardises_scales_and_shifts():
    x, norm = 3 + random(KEYS, 7), LayerNorm(random(7), random(8)[1:])
    standard = (x - np.mean(x, -1, keepdims=True)) / np.sqrt(np.var(x, -1, keepdims=True) + 1e-5)
    assert difference(norm(x), standard * norm.scale + norm.shift) <= 1e-12
    plain = LayerNorm.create(7)
    assert difference(plain(x), standard) <= 1e-12
