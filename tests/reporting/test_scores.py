import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from splagger.environments.grid_navigation.grid_navigation import GridNavigation
from splagger.environments.planning_game.planning_game import PlanningGame
from splagger.environments.registry import EnvironmentSpecification
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.reporting.scores import ANCHORS, normalise

TOOL = Path(__file__).resolve().parents[2] / "tools" / "random_returns.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("random_returns", TOOL)
    assert specification is not None
    assert specification.loader is not None
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    return tool


def trial_of(name: str) -> Trial:
    trial = EnvironmentSpecification.parse(name).trial()
    assert isinstance(trial, Trial)
    return trial


def known_goal(grid: GridNavigation) -> float:
    """The mean return of an episode in which the agent goes straight to a goal that it knows."""
    assert grid.start_cell is not None
    returns = []
    for goal in grid.possible_goals:
        distance = sum(abs(at - to) for at, to in zip(grid.start_cell, goal, strict=True))
        away = range(1, distance)
        way = -sum(away) / grid.size if grid.dense else grid.step_reward * len(away)
        returns.append(way + grid.success_reward * (grid.steps + 1 - distance))
    return float(np.mean(returns))


def test_scores_by_hand():
    scores = normalise(np.array([[2.0, 16.0], [9.0, -5.0]]), 2.0, 16.0)
    np.testing.assert_allclose(scores, [[0, 1], [0.5, -0.5]])
    # Returns may all be negative.
    assert normalise(np.array(-20.0), -40.0, -10.0) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("random", "optimum", "message"),
    [
        (2.0, 2.0, "optimum is 2.0, but it must be above the return of a random policy, 2.0"),
        (2.0, 1.0, "optimum is 1.0, but it must be above"),
        (float("nan"), 1.0, "random is nan, but"),
        (0.0, float("inf"), "optimum is inf, but"),
    ],
)
def test_anchors_without_order_are_refused(random: float, optimum: float, message: str):
    with pytest.raises(UserError, match=message):
        normalise(np.ones(2), random, optimum)


@pytest.mark.parametrize("name", ANCHORS)
def test_optimum_is_that_of_the_environment(name: str):
    anchor, trial = ANCHORS[name], trial_of(name)
    environment, optimum = trial.environment, trial.optimal_return
    if "the map" in anchor.source:
        assert isinstance(environment, PlanningGame)
        optimum = environment.oracle_return(trial.episodes)
    elif "the goal" in anchor.source:
        assert isinstance(environment, GridNavigation)
        assert optimum is None
        optimum = trial.episodes * known_goal(environment)
    assert optimum is not None
    # To the decimals that are written.
    assert anchor.optimum == pytest.approx(optimum, abs=0.0051)
    assert anchor.random < anchor.optimum


@pytest.mark.parametrize("name", ["t-maze-long-noise", "grid-navigation"])
def test_random_play_gets_what_is_written(tool: ModuleType, name: str):
    returns = tool.random_returns(trial_of(name), 512, seed=1)
    assert returns.shape == (512,)
    error = returns.std(ddof=1) / np.sqrt(len(returns))
    assert returns.mean() == pytest.approx(ANCHORS[name].random, abs=4 * error)
    # The tolerance is small beside the way to the optimum.
    assert 4 * error < (ANCHORS[name].optimum - ANCHORS[name].random) / 8


def test_parts_are_of_different_trials(tool: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tool, "AT_ONCE", 16)
    returns = tool.random_returns(trial_of("t-maze-long-noise:length=3,episodes=2"), 40, seed=3)
    # Two decisions, each worth 4 or -3.
    assert set(returns.tolist()) == {8.0, 1.0, -6.0}
    assert returns.shape == (40,)
    assert (returns[:16] != returns[16:32]).any()
