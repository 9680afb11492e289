from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.objectives import objective_settings, started
from support.parity import difference
from support.tiny import same, tiny_learner

from splagger.learning.rollout import collect
from splagger.learning.statistics import observe_statistics

collect_compiled = eqx.filter_jit(collect)


def seen(name: str):
    """An agent without statistics yet, and a rollout of it."""
    settings = objective_settings(name)
    learner, state = tiny_learner(settings), started(settings)
    agent = state.agent

    def blank(moments):
        if moments is None:
            return None
        return replace(
            moments,
            mean=jnp.zeros_like(moments.mean),
            variance=jnp.ones_like(moments.variance),
            count=jnp.asarray(1e-4, float),
        )

    agent = replace(
        agent,
        observations=blank(agent.observations),
        latents=blank(agent.latents),
        tasks=blank(agent.tasks),
    )
    _, rollout = collect_compiled(
        agent, learner.trial, state.collector, jax.random.key(0), steps=9, restart_memory=False
    )
    return agent, rollout


def agree(moments, rows) -> bool:
    flat = np.asarray(rows).reshape(-1, rows.shape[-1])
    close = difference(np.asarray(moments.mean), flat.mean(axis=0)) < 1e-4
    return close and difference(np.asarray(moments.variance), flat.var(axis=0, ddof=1)) < 1e-3


@pytest.mark.parametrize("name", ["ti", "pearl", "multi-task"])
def test_each_input_of_a_policy_has_its_statistics(name: str):
    agent, rollout = seen(name)
    after = observe_statistics(agent, rollout)
    assert agree(after.observations, rollout.observation)
    # End to end the latent is seen as it is.
    if name == "pearl":
        assert after.latents is None
    else:
        assert after.latents is not None
        assert agree(after.latents, rollout.latent)
    if name == "pearl":
        assert after.tasks is None
    else:
        assert after.tasks is not None
        assert agree(after.tasks, rollout.task.vector)
    assert same(after.networks, agent.networks)
    assert same(after.told, agent.told)


def test_statistics_of_samples_are_of_samples():
    agent, rollout = seen("pearl")
    sampling = replace(agent, latents=seen("ti")[0].latents)
    assert sampling.latents is not None
    size = rollout.latent.shape[-1] // 2
    sampling = eqx.tree_at(
        lambda a: (a.latents.mean, a.latents.variance),
        sampling,
        (jnp.zeros(size), jnp.ones(size)),
    )
    after = observe_statistics(sampling, rollout)
    mean, log_variance = np.split(np.asarray(rollout.latent), 2, axis=-1)
    samples = mean + np.exp(0.5 * log_variance) * np.asarray(rollout.latent_noise)
    assert after.latents is not None
    assert agree(after.latents, samples)
