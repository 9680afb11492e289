"""The norms of the value's gradients, against one sample at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import tiny_agent, tiny_learner, tiny_settings, tiny_state

from splagger.environments.task_information import TaskInformation
from splagger.learning.input_gradients import input_gradients
from splagger.recipes.build import build_trial

SAMPLES = 5


@pytest.mark.usefixtures("float64")
def test_norms_are_means_over_samples():
    trial = build_trial(tiny_settings())
    policy = tiny_agent(trial).networks.actor_critic
    random = np.random.default_rng(0)
    observation = jnp.asarray(random.normal(size=(SAMPLES, trial.observation_size)))
    latent = jnp.asarray(random.normal(size=(SAMPLES, 6)))
    task = TaskInformation(jnp.zeros((SAMPLES, 1)), jnp.zeros(SAMPLES, int))
    measured = jax.jit(input_gradients)(policy, observation, latent, task)

    @jax.jit
    def gradients(x, z, task):
        return jax.grad(lambda x, z: policy.value(x, z, task), argnums=(0, 1))(x, z)

    alone = [
        gradients(observation[n], latent[n], jax.tree.map(lambda leaf, n=n: leaf[n], task))
        for n in range(SAMPLES)
    ]
    for name, vectors in (
        ("observation_gradient", [to_observation for to_observation, _ in alone]),
        ("latent_gradient", [to_latent for _, to_latent in alone]),
        ("observation_norm", observation),
        ("latent_norm", latent),
    ):
        expected = np.mean([np.linalg.norm(vector) for vector in vectors])
        np.testing.assert_allclose(getattr(measured, name), expected, rtol=1e-9)
        assert expected > 1e-3


def test_measuring_adds_metrics_and_changes_nothing_else():
    results = []
    for measure in (False, True):
        settings = tiny_settings(learning={"measure_inputs": measure})
        learner = tiny_learner(settings)
        results.append(jax.jit(learner.update)(tiny_state(settings, learner)))
    (state, metrics), (measured_state, measured) = results
    assert set(measured) - set(metrics) == {
        "value_observation_gradient",
        "value_latent_gradient",
        "value_observation_norm",
        "value_latent_norm",
        "value_gradient_ratio",
    }
    assert all(np.isfinite(value) for value in measured.values())
    for name, value in metrics.items():
        np.testing.assert_allclose(measured[name], value, rtol=1e-5, atol=1e-6)
    for one, other in zip(
        jax.tree.leaves(state.agent), jax.tree.leaves(measured_state.agent), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
