from pathlib import Path

import jax
import numpy as np
import pytest
from support.analysed_models import TINY

from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError
from splagger.training.sequence_models import trained_models, untrained_models
from splagger.training.trained_agent import load


def test_untrained_agents_follow_their_seeds():
    trial = make_trial("t-maze-long-noise")
    three = untrained_models(TINY["splagger"], trial, number=3, steps=4)
    two = untrained_models(TINY["splagger"], trial, number=2, steps=4)
    assert (three.name, three.count, two.count) == ("splagger", 3, 2)
    weights = three.models.encoder.from_state.weight  # pyright: ignore[reportAttributeAccessIssue]
    assert weights.shape == (3, 6, 18)
    assert not np.allclose(weights[0], weights[1])
    for ours, theirs in zip(
        jax.tree.leaves(three.models), jax.tree.leaves(two.models), strict=True
    ):
        np.testing.assert_array_equal(ours[:2], theirs)
    assert three.models.embedding.observation.weight.shape[1] == trial.observation_size


def test_trained_agents_are_the_members_of_the_run(finished_run: Path):
    subject = trained_models(finished_run)
    assert (subject.name, subject.count) == ("splagger", 4)
    member = load(finished_run, learning_rate=1e-2, seed=1).agent.networks.sequence_model
    for ours, theirs in zip(jax.tree.leaves(subject.models), jax.tree.leaves(member), strict=True):
        np.testing.assert_array_equal(ours[3], theirs)


def test_a_missing_run_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        trained_models(tmp_path / "absent")
