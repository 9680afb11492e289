"""Members with objectives side by side: each as if it were alone."""

import jax
import jax.numpy as jnp
import numpy as np
from support.objectives import objective_settings, started, update
from support.tiny import farthest, same, tiny_learner

from splagger.learning.sweep import Sweep


def test_a_member_is_as_if_it_were_alone():
    settings = objective_settings("ti")
    learner = tiny_learner(settings)
    alone = [started(settings, seed=seed) for seed in (0, 1)]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *alone)
    updated, metrics = Sweep(learner, "in-turn").update(together)
    for member, state in enumerate(alone):
        expected, measured = update(learner, state)
        its = jax.tree.map(lambda leaf, m=member: leaf[m], (updated, metrics))
        assert farthest(its[0], expected) < 1e-4
        assert farthest(its[1], measured) < 1e-4
        assert same(its[0].trajectories, expected.trajectories)
        assert same(its[0].key, expected.key)
    assert np.asarray(updated.failed_at).tolist() == [-1, -1]
    first, second = (jax.tree.map(lambda leaf, m=m: leaf[m], updated.agent) for m in (0, 1))
    assert not same(first.networks, second.networks)
