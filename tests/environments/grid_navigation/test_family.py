import pytest

from splagger.environments.grid_navigation.grid_navigation import GridNavigation
from splagger.environments.registry import EnvironmentSpecification, canonical_name, make_trial

MIDDLE = {"size": 7, "start_cell": (3, 3)}
HALL = {"size": 60, "steps": 200, "door_spacing": 1}
PUBLISHED = {
    "GridNavi-v0": ("grid-navigation", {}),
    "GridNavi-dense-v0": ("grid-navigation-dense", {"dense": True}),
    "GridNavi-show_start-v0": ("grid-navigation-show-start", {"show_goal_at_start": True}),
    "Grid7-15-v0": ("grid-navigation-7", {"size": 7}),
    "Grid7-21-v0": ("grid-navigation-7-long", {"size": 7, "steps": 21}),
    "Grid7-15-mid-v0": ("grid-navigation-7-middle", MIDDLE),
    "Grid8-15-mid-v0": ("grid-navigation-8-middle", {"size": 8, "start_cell": (4, 4)}),
    "Grid7-15-mid-ring-v0": ("grid-navigation-ring", MIDDLE | {"ring": True}),
    "Grid7-15-mid-ring-newr-v0": (
        "grid-navigation-ring-new-cells",
        MIDDLE | {"ring": True, "new_goal_reward": 0.1},
    ),
    "Grid25-50-mid-ring-newr-v0": (
        "grid-navigation-large-ring-new-cells",
        {
            "size": 25,
            "steps": 50,
            "start_cell": (12, 12),
            "ring": True,
            "new_goal_reward": 0.1,
        },
    ),
    "Grid7-20-newr-rands-v0": (
        "grid-navigation-random-start",
        {"size": 7, "steps": 20, "start_cell": None, "new_goal_reward": 0.1},
    ),
    "Grid16-Hall1-H20-rshape-v0": (
        "hall-new-doors-small",
        HALL | {"size": 16, "steps": 20, "new_goal_reward": 0.1},
    ),
    "Grid60-Hall1-H80-rshape-v0": (
        "hall-new-doors-short",
        HALL | {"steps": 80, "new_goal_reward": 0.1},
    ),
    "Hall-L60H80-rshape-v0": ("hall-new-doors-short", HALL | {"steps": 80, "new_goal_reward": 0.1}),
    "Hall-L60H200-v0": ("hall", HALL),
    "Hall-L60H200-rshape-v0": ("hall-new-doors", HALL | {"new_goal_reward": 0.1}),
    "Hall-L60H200-obs-v0": ("hall-see-doors", HALL | {"observe_unchecked": True}),
    "Hall-L60H200-obs-rshape-v0": (
        "hall-see-new-doors",
        HALL | {"observe_unchecked": True, "new_goal_reward": 0.1},
    ),
    "Hall-L60H200-obs-rshape5x-v0": (
        "hall-see-new-doors-5x",
        HALL | {"observe_unchecked": True, "new_goal_reward": 0.1, "success_reward": 5.0},
    ),
}


@pytest.mark.parametrize("published", PUBLISHED)
def test_published_ids(published):
    name, settings = PUBLISHED[published]
    for same in (published, published.removesuffix("-v0"), name):
        assert canonical_name(same) == name
    trial = make_trial(published)
    assert trial.environment == GridNavigation(**settings)
    assert trial.episodes == 4
    assert EnvironmentSpecification.parse(published).published_boundary == "terminal"


def test_options():
    grid = make_trial("grid-navigation-7-middle:size=9,steps=30,new_goal_reward=0.2").environment
    assert grid == GridNavigation(size=9, steps=30, start_cell=(4, 4), new_goal_reward=0.2)
    hall = make_trial("hall:length=20,steps=40,door_spacing=2,success_reward=2").environment
    assert hall == GridNavigation(size=20, steps=40, door_spacing=2, success_reward=2.0)
    assert canonical_name("hall:length=60,new_door_reward=none") == "hall"
    plain = make_trial("hall-new-doors:new_door_reward=none,track_belief=true").environment
    assert plain == GridNavigation(size=60, steps=200, door_spacing=1, track_belief=True)
