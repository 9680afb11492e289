"""Affine maps compose as functions do."""

import jax.numpy as jnp
import numpy as np

from splagger.foundation.affine import compose


def test_composition_applies_one_after_the_other_and_is_associative():
    maps = np.random.default_rng(0).normal(size=(3, 2, 5))
    one, two, three = ((jnp.asarray(decay), jnp.asarray(value)) for decay, value in maps)
    h = np.random.default_rng(1).normal(size=5)
    decay, value = compose(one, two)
    np.testing.assert_allclose(
        decay * h + value, two[0] * (one[0] * h + one[1]) + two[1], rtol=1e-5, atol=1e-6
    )
    left, right = compose(compose(one, two), three), compose(one, compose(two, three))
    np.testing.assert_allclose(np.stack(left), np.stack(right), rtol=1e-5, atol=1e-6)
