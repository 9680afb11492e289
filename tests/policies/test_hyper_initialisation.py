"""What heads generate at first, under every scheme."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.foundation.initialisers import normalised_columns
from splagger.policies.hyper_initialisation import Generated, head_initialisers

CODE = 400
KEY = jax.random.key(0)
WEIGHT = Generated((3, 2), lambda key: jax.random.uniform(key, (3, 2), float, 1.0, 2.0), 0.3)
BIAS = Generated((2,), lambda key: jnp.full(2, 7.0), 0.4)
ORDINARY = normalised_columns(2.0)


@pytest.mark.parametrize(("scheme", "share", "own"), [("bias", 0, 1), ("weight", 1, 0)])
def test_hyper_init_draws_ordinary_weights(scheme, share: float, own: float):
    heads = head_initialisers(scheme, ORDINARY)
    head = heads.weight(KEY, CODE, WEIGHT)
    assert head.shape == (CODE + 1, 3, 2)
    for part, size in ((head[:-1], share), (head[-1], own)):
        assert np.all((part >= size) & (part <= 2 * size))
    draws = np.asarray(head[:-1]) if share else np.asarray(head[-1:])
    assert len(np.unique(draws)) == draws.size  # every code entry has a draw of its own
    bias = heads.bias(KEY, CODE, BIAS)
    np.testing.assert_array_equal(bias[-1], [7, 7])
    np.testing.assert_array_equal(bias[:-1], np.zeros((CODE, 2)))


def test_both_is_half_of_each():
    bias, weight, both = (
        head_initialisers(scheme, ORDINARY).weight(KEY, CODE, WEIGHT)
        for scheme in ("bias", "weight", "both")
    )
    np.testing.assert_allclose(both, (bias + weight) / 2, rtol=1e-6)


def test_without_a_scheme_heads_are_ordinary_layers():
    heads = head_initialisers("none", ORDINARY)
    for head in (heads.weight(KEY, CODE, WEIGHT), heads.bias(KEY, CODE, BIAS)):
        np.testing.assert_allclose(np.linalg.norm(head[:-1], axis=0), 2, rtol=1e-5)
        assert np.all(head[-1] == 0)


def test_hfi_gives_the_deviation_asked_for():
    heads = head_initialisers("hfi", ORDINARY)
    codes = jnp.asarray(np.random.default_rng(0).normal(size=(2000, CODE)), float)
    for generated, head in (
        (WEIGHT, heads.weight(KEY, CODE, WEIGHT)),
        (BIAS, heads.bias(KEY, CODE, BIAS)),
    ):
        deviation = np.std(jnp.tensordot(codes, head[:-1], axes=1))
        np.testing.assert_allclose(deviation, generated.deviation, rtol=0.1)
        assert np.all(head[-1] == 0)
