"""The published grids and halls, each with the options that make sense for it."""

import functools
from collections.abc import Callable
from typing import Any

from splagger.environments.entries import EnvironmentEntry, published_entry
from splagger.environments.grid_navigation.grid_navigation import GridNavigation

_Builder = Callable[..., GridNavigation]


def _grid(
    default_size: int = 5,
    default_steps: int = 15,
    *,
    middle: bool = False,
    default_new_goal_reward: float | None = None,
    **settings: Any,
) -> _Builder:
    """A builder of grids; episodes start in the corner, in the middle, or as `settings` say."""

    def build(
        size: int = default_size,
        steps: int = default_steps,
        new_goal_reward: float | None = default_new_goal_reward,
        track_belief: bool = False,
    ) -> GridNavigation:
        start = {"start_cell": (size // 2, size // 2)} if middle else {}
        return GridNavigation(
            size=size,
            steps=steps,
            new_goal_reward=new_goal_reward,
            track_belief=track_belief,
            **start,
            **settings,
        )

    return build


def _hall(
    default_length: int = 60,
    default_steps: int = 200,
    *,
    default_success_reward: float = 1.0,
    default_new_door_reward: float | None = None,
    **settings: Any,
) -> _Builder:
    """A builder of halls."""

    def build(
        length: int = default_length,
        steps: int = default_steps,
        door_spacing: int = 1,
        success_reward: float = default_success_reward,
        new_door_reward: float | None = default_new_door_reward,
        track_belief: bool = False,
    ) -> GridNavigation:
        return GridNavigation(
            size=length,
            steps=steps,
            door_spacing=door_spacing,
            success_reward=success_reward,
            new_goal_reward=new_door_reward,
            track_belief=track_belief,
            **settings,
        )

    return build


_entry = functools.partial(published_entry, episodes=4)

GRIDS: tuple[EnvironmentEntry, ...] = (
    _entry(
        "grid-navigation",
        "GridNavi-v0",
        "search a grid of 5 x 5 cells for a goal, and go straight to it in later episodes",
        _grid(),
    ),
    _entry(
        "grid-navigation-dense",
        "GridNavi-dense-v0",
        "as grid-navigation, and rewards tell how far the goal is",
        _grid(dense=True),
    ),
    _entry(
        "grid-navigation-show-start",
        "GridNavi-show_start-v0",
        "as grid-navigation, and whoever stays at or comes back to the start is shown the goal",
        _grid(show_goal_at_start=True),
    ),
    _entry(
        "grid-navigation-7",
        "Grid7-15-v0",
        "search a grid of 7 x 7 cells for a goal",
        _grid(7),
    ),
    _entry(
        "grid-navigation-7-long",
        "Grid7-21-v0",
        "search a grid of 7 x 7 cells for a goal, 21 steps an episode",
        _grid(7, 21),
    ),
    _entry(
        "grid-navigation-7-middle",
        "Grid7-15-mid-v0",
        "search a grid of 7 x 7 cells for a goal, from its middle",
        _grid(7, middle=True),
    ),
    _entry(
        "grid-navigation-8-middle",
        "Grid8-15-mid-v0",
        "search a grid of 8 x 8 cells for a goal, from its middle",
        _grid(8, middle=True),
    ),
    _entry(
        "grid-navigation-ring",
        "Grid7-15-mid-ring-v0",
        "search the border of a grid of 7 x 7 cells for a goal, from its middle",
        _grid(7, middle=True, ring=True),
    ),
    _entry(
        "grid-navigation-ring-new-cells",
        "Grid7-15-mid-ring-newr-v0",
        "as grid-navigation-ring, and looking at a possible goal for the first time is rewarded",
        _grid(7, middle=True, ring=True, default_new_goal_reward=0.1),
    ),
    _entry(
        "grid-navigation-large-ring-new-cells",
        "Grid25-50-mid-ring-newr-v0",
        "as grid-navigation-ring-new-cells, in a grid of 25 x 25 cells, 50 steps an episode",
        _grid(25, 50, middle=True, ring=True, default_new_goal_reward=0.1),
    ),
    _entry(
        "grid-navigation-random-start",
        "Grid7-20-newr-rands-v0",
        "search a grid of 7 x 7 cells from random starts, rewarded for every new cell",
        _grid(7, 20, start_cell=None, default_new_goal_reward=0.1),
    ),
)
"""The entries of the grids in the registry."""

HALLS: tuple[EnvironmentEntry, ...] = (
    _entry(
        "hall",
        "Hall-L60H200-v0",
        "find the one of 59 doors of a hall that has the goal behind it",
        _hall(),
    ),
    _entry(
        "hall-new-doors",
        "Hall-L60H200-rshape-v0",
        "as hall, and opening a door for the first time is rewarded",
        _hall(default_new_door_reward=0.1),
    ),
    _entry(
        "hall-new-doors-short",
        ("Hall-L60H80-rshape-v0", "Grid60-Hall1-H80-rshape-v0"),
        "as hall-new-doors, 80 steps an episode: too few to open all doors in one",
        _hall(60, 80, default_new_door_reward=0.1),
    ),
    _entry(
        "hall-new-doors-small",
        "Grid16-Hall1-H20-rshape-v0",
        "as hall-new-doors, with 15 doors and 20 steps an episode",
        _hall(16, 20, default_new_door_reward=0.1),
    ),
    _entry(
        "hall-see-doors",
        "Hall-L60H200-obs-v0",
        "as hall, and the agent sees whether there is a door above it",
        _hall(observe_unchecked=True),
    ),
    _entry(
        "hall-see-new-doors",
        "Hall-L60H200-obs-rshape-v0",
        "as hall-new-doors, and the agent sees whether the door above it was opened before",
        _hall(observe_unchecked=True, default_new_door_reward=0.1),
    ),
    _entry(
        "hall-see-new-doors-5x",
        "Hall-L60H200-obs-rshape5x-v0",
        "as hall-see-new-doors, with five times the reward on the goal",
        _hall(
            observe_unchecked=True,
            default_new_door_reward=0.1,
            default_success_reward=5.0,
        ),
    ),
)
"""The entries of the halls in the registry."""
