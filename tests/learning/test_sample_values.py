"""Values in chunks are those of all samples at once."""

import equinox as eqx
import jax
import numpy as np
from support.tiny import FORCED, tiny_agent, tiny_settings

from splagger.environments.task_information import TaskInformation
from splagger.learning.sample_values import sample_values
from splagger.recipes.build import build_trial


def test_chunks_change_nothing():
    agent = tiny_agent(build_trial(tiny_settings(FORCED)))
    random = np.random.default_rng(0)
    size = agent.observations.mean.shape[0]
    observation = jax.numpy.asarray(random.normal(size=(7, 3, size)), float)
    latent = jax.numpy.asarray(random.normal(size=(7, 3, 6)), float)
    task = TaskInformation(jax.numpy.zeros((7, 3, 1)), jax.numpy.zeros((7, 3), int))

    @eqx.filter_jit
    def values(agent):
        given = (agent, observation, latent, None, task)
        return [sample_values(*given, chunk=chunk) for chunk in (100, 21, 6, 9, 1)]

    whole, *chunked = values(agent)
    assert whole.shape == (7, 3)
    assert np.unique(whole).size == whole.size
    for values_in_chunks in chunked:
        np.testing.assert_allclose(values_in_chunks, whole, rtol=1e-5)
