"""The aggregators that add, against formulas over whole sequences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.aggregators.gaussian_product import GaussianProduct
from splagger.sequence.aggregators.mean import Mean
from splagger.sequence.aggregators.mean_max import MeanMax
from splagger.sequence.aggregators.prior_mean import PriorMean
from splagger.sequence.aggregators.sums import Sum
from splagger.sequence.aggregators.temperature import Temperature
from splagger.sequence.aggregators.weighted_mean import Softmax, WeightedMean

pytestmark = pytest.mark.usefixtures("float64")

U = np.random.default_rng(0).normal(size=(5, 4))
VALUE, SCORE = U[:, :2], U[:, 2:]
SOFTPLUS = np.log1p(np.exp(SCORE))


def aggregate(aggregator: Aggregator, u) -> jax.Array:
    element = aggregator.start(u.shape[-1])
    for row in u:
        element = aggregator.combine(element, aggregator.lift(jnp.asarray(row)))
    return aggregator.read(element)


def exponential(scores, temperature: float):
    return np.exp((scores - 2) / temperature)


def test_sum():
    np.testing.assert_allclose(aggregate(Sum(), U), U.sum(axis=0))


def test_mean():
    np.testing.assert_allclose(aggregate(Mean(), U), U.mean(axis=0))


def test_mean_of_the_first_half_and_maximum_of_the_second():
    expected = np.concatenate([VALUE.mean(axis=0), np.maximum(SCORE.max(axis=0), 0)])
    np.testing.assert_allclose(aggregate(MeanMax(), U), expected)


def test_softplus_weights():
    expected = (VALUE * SOFTPLUS).sum(axis=0) / SOFTPLUS.sum(axis=0)
    np.testing.assert_allclose(aggregate(WeightedMean(None), U), expected)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
@pytest.mark.parametrize("learned", [False, True])
def test_exponential_weights(temperature: float, learned: bool):
    created = Temperature.create(temperature, learned=learned)
    weight = exponential(SCORE, temperature)
    expected = (VALUE * weight).sum(axis=0) / weight.sum(axis=0)
    np.testing.assert_allclose(aggregate(WeightedMean(created), U), expected)
    weight = exponential(U, temperature)
    expected = (U * weight).sum(axis=0) / weight.sum(axis=0)
    np.testing.assert_allclose(aggregate(Softmax(created), U), expected)


def test_softmax_goes_from_the_mean_to_the_maximum():
    u = np.linspace(-1, 1, 5)[:, None]
    warm, cold = (
        aggregate(Softmax(Temperature.create(t, learned=False)), u) for t in (1000.0, 0.01)
    )
    np.testing.assert_allclose(warm, 0, atol=2e-3)
    np.testing.assert_allclose(cold, 1, atol=1e-6)


def test_a_sum_of_weights_that_is_too_small_is_raised_when_divided():
    low = np.concatenate([np.ones((1, 2)), np.full((1, 2), -9.0)], axis=1)
    softplus = np.log1p(np.exp(-9.0))
    np.testing.assert_allclose(aggregate(WeightedMean(None), low), softplus / 0.1)
    temperature = Temperature.create(0.5, learned=False)
    raised = aggregate(WeightedMean(temperature), low)
    np.testing.assert_allclose(raised, exponential(-9.0, 0.5) / exponential(-1.0, 0.5))


def test_only_a_learned_temperature_is_a_parameter_and_gets_a_gradient():
    def total(aggregator):
        return jnp.sum(aggregate(aggregator, U))

    learned = Softmax(Temperature.create(0.5, learned=True))
    gradient = jax.grad(total)(learned).temperature.logarithm
    assert abs(gradient) > 1e-3
    assert jax.tree.leaves(Softmax(Temperature.create(0.5, learned=False))) == []


def test_product_of_gaussian_factors():
    precision = SOFTPLUS.sum(axis=0)
    expected = np.concatenate([(VALUE * SOFTPLUS).sum(axis=0) / precision, -np.log(precision)])
    np.testing.assert_allclose(aggregate(GaussianProduct(), U), expected)


def test_a_product_without_factors_has_a_wide_variance_and_the_mean_0():
    aggregator = GaussianProduct()
    expected = [0, 0, np.log(10), np.log(10)]
    np.testing.assert_allclose(aggregator.read(aggregator.start(4)), expected)


def test_mean_with_a_prior():
    prior, weight = jnp.asarray([1.0, -1.0, 0.5, 2.0]), 2.5
    aggregator = PriorMean(prior, jnp.log(jnp.asarray(weight)))
    expected = (weight * prior + U.sum(axis=0)) / (weight + 5)
    np.testing.assert_allclose(aggregate(aggregator, U), expected)
    np.testing.assert_allclose(aggregator.read(aggregator.start(4)), prior)


def test_prior_and_its_weight_get_gradients():
    aggregator = PriorMean.create(4, 2.0)
    np.testing.assert_allclose(aggregator.start(4)[1], [2.0])
    gradient = jax.grad(lambda a: jnp.sum(aggregate(a, U) ** 2))(aggregator)
    assert np.abs(gradient.prior).min() > 1e-3
    assert abs(gradient.log_weight) > 1e-3


def test_straight_through_mean_has_the_gradient_of_a_sum():
    gradient = jax.grad(lambda u: jnp.sum(aggregate(Mean(straight_through=True), u)))(
        jnp.asarray(U)
    )
    np.testing.assert_array_equal(gradient, np.ones_like(U))


def test_cold_weights_have_finite_gradients_in_32_bits():
    """The square of the smallest sum of weights is below what 32 bits can hold."""
    with jax.enable_x64(False):
        for learned in (False, True):
            aggregator = Softmax(Temperature.create(0.04, learned=learned))
            u = jnp.asarray([[-0.9], [-0.95], [-1.0]])
            value, gradient = jax.value_and_grad(lambda u, a=aggregator: aggregate(a, u)[0])(u)
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()
            assert np.abs(gradient).max() > 1e-3


def test_a_learned_temperature_stays_above_the_smallest():
    cold = Temperature(None, jnp.log(jnp.asarray(1e-3)))
    at_limit = Temperature.create(0.04, learned=False)
    np.testing.assert_allclose(cold.weights(jnp.asarray(U)), at_limit.weights(jnp.asarray(U)))
