"""Every recorded Planning Game, step by step: the recorded draws drive the dynamics."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from support.recorded_trials import Recorded, assert_replayed, read_records

from splagger.environments.planning_game.planning_game import PlanningGame, PlanningGameTask
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial

NAMES = [
    "PlanningGame-v0",
    "PlanningGame-3x3-v0",
    "PlanningGame-3x3-xy-v0",
    "PlanningGame-3x3-justgoal-v0",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("float64")
def test_trace(name: str, reference: Path):
    meta, records = read_records(reference, name)
    published = make_trial(name)
    game = published.environment
    assert isinstance(game, PlanningGame)
    assert published.episodes == meta["episodes_per_task"]
    assert published.observation_size == meta["obs_dim"]
    assert game.max_episode_steps == meta["max_episode_steps"]

    def nodes(places: np.ndarray) -> np.ndarray:
        return places[..., 0] * game.size + places[..., 1]

    assert len(records) == 2
    for record in records:
        start, rows = record.start, record.rows
        places = (np.tile(nodes(start[which]), 2) for which in ("position", "goal"))
        environment = Recorded(
            game,
            task=PlanningGameTask(jnp.asarray(start["labels"])),
            starts=tuple(map(jnp.asarray, places)),
            draws=(jnp.asarray(nodes(rows["goal"])),),
        )
        _, states = assert_replayed(Trial(environment, 1, "terminal"), record)
        np.testing.assert_array_equal(states.state[0].position, nodes(rows["position"])[:-1])
        np.testing.assert_array_equal(states.state[0].goal, nodes(rows["goal"])[:-1])
        assert (rows["labels"] == start["labels"]).all()
        # Otherwise the replay would say nothing about goals that move.
        assert rows["reward"].sum() > 5
