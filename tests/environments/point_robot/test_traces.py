"""Every recorded point robot, step by step: the recorded draws drive the dynamics."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from support.recorded_trials import Record, Recorded, assert_replayed, read_records

from splagger.environments.point_robot.point_robot import PointRobotTask
from splagger.environments.point_robot.semicircle import SemicircleTask
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial


def states_at_starts(record: Record) -> np.ndarray:
    """The state at every episode's start, and any for the next trial's."""
    inside = ~np.isnan(record.rows["start_state"][:, 0])
    later = record.rows["start_state"][inside][:, :-1]
    return np.stack([record.start["state"], *later, record.start["state"]])


@pytest.mark.parametrize("boundary", ["terminal", "both"])
@pytest.mark.parametrize("name", ["PointEnv-v0", "SparsePointEnv-v0"])
@pytest.mark.usefixtures("float64")
def test_point_robot(name: str, boundary, reference: Path):
    meta, records = read_records(reference, name)
    robot = make_trial(name).environment
    assert robot.max_episode_steps == meta["max_episode_steps"]
    assert len(records) == 2
    for record in records:
        environment = Recorded(
            robot,
            task=PointRobotTask(jnp.asarray(record.start["task"])),
            starts=(jnp.asarray(states_at_starts(record)),),
            draws=(),
        )
        trial = Trial(environment, meta["episodes_per_task"], boundary)
        assert trial.observation_size == meta["obs_dim"]
        start, states = assert_replayed(trial, record, tolerance=1e-14)
        np.testing.assert_array_equal(start.state[0].position, record.start["state"])
        np.testing.assert_allclose(
            states.state[0].position, record.rows["state"][:-1], rtol=0, atol=1e-14
        )


@pytest.mark.parametrize("boundary", ["terminal", "both"])
@pytest.mark.usefixtures("float64")
def test_semicircle(boundary, reference: Path):
    meta, records = read_records(reference, "Semicircle-v0")
    robot = make_trial("Semicircle-v0").environment
    assert robot.max_episode_steps == meta["max_episode_steps"]
    assert len(records) == 2
    reached = 0
    for record in records:
        rows = record.rows
        # A new heading is drawn only where the goal was reached.
        headings = np.where(rows["reward"] == 1, rows["obs"][:, 2], np.nan)
        environment = Recorded(
            robot,
            task=SemicircleTask(jnp.asarray(record.start["task"][2])),
            starts=(jnp.asarray(states_at_starts(record)[:, 2]),),
            draws=(jnp.asarray(headings),),
        )
        trial = Trial(environment, meta["episodes_per_task"], boundary)
        assert trial.observation_size == meta["obs_dim"]
        start, states = assert_replayed(trial, record, tolerance=1e-12)
        assert start.state[0].heading == record.start["state"][2]
        np.testing.assert_allclose(
            np.c_[states.state[0].position, states.state[0].heading],
            rows["state"][:-1],
            rtol=0,
            atol=1e-12,
        )
        reached += rows["reward"].sum()
    assert reached == 12
