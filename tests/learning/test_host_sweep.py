"""Members that learn from simulators: what is kept of them, and what is not."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.host_runs import FAILURE, forgetful, host_settings, poles
from support.tiny import same

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import SimulatorError
from splagger.learning.host_sweep import HostSweep
from splagger.learning.train_state import TrainState
from splagger.recipes.build import build_hyperparameters, build_learner

SETTINGS = host_settings()
SEEDS = jnp.zeros(2, int)
NUMBERS = build_hyperparameters(SETTINGS)


def sweep_of(trial: HostTrial) -> HostSweep:
    learner = build_learner(SETTINGS, trial)
    return HostSweep(learner, "in-turn", workers=0, overlap=False)


@pytest.fixture
def sweep() -> Iterator[HostSweep]:
    sweep = sweep_of(poles())
    yield sweep
    sweep.close()


def saved(sweep: HostSweep, state: TrainState) -> TrainState:
    """A copy of what a checkpoint would have."""
    return jax.tree.map(lambda leaf: leaf.copy(), sweep.capture(state)[0])


def test_a_state_is_read_into_its_template(sweep):
    state = sweep.initialise(SEEDS, NUMBERS)
    for captured in (True, False):
        template = sweep.template(SEEDS, NUMBERS, captured=captured)
        kept = sweep.capture(state)[0] if captured else state
        assert jax.tree.structure(template) == jax.tree.structure(kept)
        for ours, expected in zip(jax.tree.leaves(template), jax.tree.leaves(kept), strict=True):
            assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)


def test_whoever_takes_up_a_state_goes_on_to_the_bit(sweep):
    state, _ = sweep.update(sweep.initialise(SEEDS, NUMBERS))
    kept = saved(sweep, state)
    whole, metrics = sweep.update(state)
    other = sweep_of(poles())
    again, obstacle = other.take_up(kept)
    assert obstacle == ""
    resumed, others = other.update(again)
    assert same(saved(other, resumed), saved(sweep, whole))
    assert same(others, metrics)
    assert sweep.capture(whole)[1]
    other.close()


def test_what_cannot_be_put_back_begins_anew():
    sweep = sweep_of(forgetful())
    state, _ = sweep.update(sweep.initialise(SEEDS, NUMBERS))
    assert not sweep.capture(state)[1]
    kept = saved(sweep, state)
    assert not kept.collector.fresh_start.all()
    assert kept.rewards.discounted_return.any()
    begun, obstacle = sweep.take_up(kept)
    assert "Opaque" in obstacle
    assert begun.collector.fresh_start.all()
    assert not begun.rewards.discounted_return.any()
    assert same(begun.agent, kept.agent)
    # New tasks, not those of the training's beginning; the same for members of the same seed.
    first = sweep.initialise(SEEDS, NUMBERS).collector.trial.tasks.vector
    vectors = np.concatenate([begun.collector.trial.tasks.vector, first[:1]])
    assert len(np.unique(vectors.reshape(-1, 2), axis=0)) == 4 + 4
    sweep.update(begun)
    sweep.close()


def test_members_of_the_same_seed_begin_in_the_same_tasks(sweep):
    state = sweep.initialise(jnp.asarray([1, 1]), NUMBERS)
    one, other = state.collector.trial.tasks.vector
    assert same(one, other)
    assert len(np.unique(one, axis=0)) == 4


def test_a_failure_leaves_the_state_from_before(sweep, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(FAILURE, "raise")
    state = sweep.initialise(SEEDS, NUMBERS)
    for _ in range(3):
        state, _ = sweep.update(state)
    before = saved(sweep, state)
    with pytest.raises(SimulatorError, match="the pole broke"):
        sweep.update(state)
    assert same(saved(sweep, state), before)
    monkeypatch.delenv(FAILURE)
    again, obstacle = sweep.take_up(sweep.capture(state)[0])
    assert obstacle == ""
    assert int(sweep.update(again)[0].updates[0]) == 4


def test_closing_twice(sweep):
    sweep.initialise(SEEDS, NUMBERS)
    sweep.close()
    sweep.close()
