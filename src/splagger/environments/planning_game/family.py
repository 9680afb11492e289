"""The five published forms of the Memory & Planning Game (Beck et al. 2024)."""

import functools

from splagger.environments.entries import EnvironmentEntry, published_entry
from splagger.environments.planning_game.planning_game import PlanningGame


def labels(size: int = 4, episode_steps: int = 100) -> PlanningGame:
    """The agent observes the labels of its node and the goal's."""
    return PlanningGame(size, "labels", episode_steps)


def labels_3x3(size: int = 3, episode_steps: int = 100) -> PlanningGame:
    """As `labels`, on the grid of the paper's experiments."""
    return PlanningGame(size, "labels", episode_steps)


def position_3x3(size: int = 3, episode_steps: int = 100) -> PlanningGame:
    """The agent observes the labels, and where it is."""
    return PlanningGame(size, "position", episode_steps)


def positions_3x3(size: int = 3, episode_steps: int = 100) -> PlanningGame:
    """The agent observes the labels, where it is, and where the goal is."""
    return PlanningGame(size, "positions", episode_steps)


def goal_3x3(size: int = 3, episode_steps: int = 100) -> PlanningGame:
    """The agent observes nothing but whether it stands on the goal."""
    return PlanningGame(size, "goal", episode_steps)


_entry = functools.partial(published_entry, episodes=1)

PLANNING_GAMES: tuple[EnvironmentEntry, ...] = (
    _entry(
        "planning-game",
        "PlanningGame-v0",
        "learn a map of labelled places, and go from goal to goal on it",
        labels,
    ),
    _entry(
        "planning-game-3x3",
        "PlanningGame-3x3-v0",
        "learn a small map of labelled places, and go from goal to goal on it",
        labels_3x3,
    ),
    _entry(
        "planning-game-3x3-position",
        "PlanningGame-3x3-xy-v0",
        "learn a small map of labelled places, and observe where you are on it",
        position_3x3,
    ),
    _entry(
        "planning-game-3x3-positions",
        "PlanningGame-3x3-xy-goalxy-v0",
        "go from goal to goal, and observe where you and the goal are",
        positions_3x3,
    ),
    _entry(
        "planning-game-3x3-goal-only",
        "PlanningGame-3x3-justgoal-v0",
        "search for one goal after another, and observe only when you stand on it",
        goal_3x3,
    ),
)
"""Their entries in the registry."""
