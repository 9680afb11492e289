"""Distributions over actions against SciPy's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats

from splagger.policies.distributions import Categorical, DiagonalGaussian

SAMPLES = 20_000


@pytest.mark.usefixtures("float64")
def test_categorical_equals_scipy():
    random = np.random.default_rng(0)
    logits = jnp.asarray(random.normal(scale=3, size=(5, 4)) + 100)
    distribution = Categorical(logits)
    expected = scipy.special.log_softmax(np.asarray(logits), axis=-1)
    for action in range(4):
        actual = distribution.log_probability(jnp.full(5, action))
        np.testing.assert_allclose(actual, expected[:, action], rtol=1e-9)
    entropies = scipy.stats.entropy(np.exp(expected), axis=-1)
    np.testing.assert_allclose(distribution.entropy(), entropies, rtol=1e-9)
    np.testing.assert_array_equal(distribution.mode(), np.argmax(logits, axis=-1))


def test_categorical_draws_with_its_probabilities():
    probabilities = np.asarray([0.5, 0.3, 0.2, 0.0])
    logits = jnp.broadcast_to(jnp.log(jnp.asarray(probabilities)), (SAMPLES, 4))
    actions = Categorical(logits).sample(jax.random.key(0))
    assert actions.shape == (SAMPLES,)
    assert jnp.issubdtype(actions.dtype, jnp.integer)
    counts = np.bincount(actions, minlength=4)
    assert counts[3] == 0
    assert scipy.stats.chisquare(counts[:3], SAMPLES * probabilities[:3]).pvalue > 1e-3


@pytest.mark.usefixtures("float64")
def test_gaussian_equals_scipy():
    random = np.random.default_rng(0)
    means, actions = random.normal(size=(2, 5, 3))
    deviations = np.asarray([0.1, 1.0, 3.0])
    densities = scipy.stats.norm.logpdf(actions, means, deviations).sum(axis=-1)
    entropies = np.full(5, scipy.stats.norm.entropy(0, deviations).sum())
    spread = jnp.broadcast_to(jnp.asarray(deviations), means.shape)
    distribution = DiagonalGaussian(jnp.asarray(means), spread)
    actual = distribution.log_probability(jnp.asarray(actions))
    np.testing.assert_allclose(actual, densities, rtol=1e-9)
    np.testing.assert_allclose(distribution.entropy(), entropies, rtol=1e-9)
    np.testing.assert_array_equal(distribution.mode(), means)


def test_gaussian_draws_from_its_density():
    means, deviations = (
        jnp.broadcast_to(jnp.asarray(row), (SAMPLES, 2)) for row in ([1.0, -1.0], [0.5, 2.0])
    )
    distribution = DiagonalGaussian(means, deviations)
    actions = np.asarray(distribution.sample(jax.random.key(0)), np.float64)
    for column, mean, deviation in zip(actions.T, (1, -1), (0.5, 2), strict=True):
        assert scipy.stats.kstest(column, scipy.stats.norm(mean, deviation).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(actions.T).min()) < 0.03
