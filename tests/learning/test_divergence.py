import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from splagger.learning.divergence import divergence, divergences


def numerical(mean: float, log_variance: float, other_mean: float, other: float) -> float:
    """The divergence as an integral over one dimension."""

    def logarithm(x, mean, log_variance):
        return stats.norm.logpdf(x, mean, np.exp(log_variance / 2))

    def integrand(x):
        p, q = logarithm(x, mean, log_variance), logarithm(x, other_mean, other)
        return np.exp(p) * (p - q)

    width = 12 * np.exp(log_variance / 2)
    return integrate.quad(integrand, mean - width, mean + width, epsabs=1e-13)[0]


@pytest.mark.usefixtures("float64")
def test_it_is_the_integral():
    first, second = np.array([0.3, -1.2, 0.5, -0.7]), np.array([-0.4, 0.1, 0.2, 0.9])
    expected = sum(numerical(*first[[n, n + 2]], *second[[n, n + 2]]) for n in range(2))
    assert divergence(jnp.asarray(first), jnp.asarray(second)) == pytest.approx(expected, rel=1e-9)


def test_near_posteriors_keep_their_digits():
    other = jnp.asarray([0.5, 1.0], jnp.float32)
    near = other + jnp.asarray([0.0, 2.0**-10], jnp.float32)
    d = float(near[1] - other[1])
    assert divergence(near, other) == pytest.approx((np.expm1(d) - d) / 2, rel=1e-3)
    assert divergence(other, other) == 0
    assert (jax.grad(divergence)(other, other) == 0).all()


@pytest.mark.usefixtures("float64")
def test_from_the_one_before_or_from_the_standard():
    latents = jnp.asarray(np.random.default_rng(0).normal(size=(4, 2, 6)))
    standard = jnp.zeros(6)
    previous, prior = divergences(latents, True), divergences(latents, False)
    for trajectory in range(2):
        for time in range(4):
            this = latents[time, trajectory]
            before = standard if time == 0 else latents[time - 1, trajectory]
            assert previous[time, trajectory] == pytest.approx(divergence(this, before))
            assert prior[time, trajectory] == pytest.approx(divergence(this, standard))
