import pytest

from splagger.environments.minecraft_maze.minecraft_maze import MinecraftMaze
from splagger.environments.registry import (
    EnvironmentSpecification,
    canonical_name,
    entry,
    make_trial,
)

PUBLISHED = {
    "minecraft-maze-long-short": ("MC-LS-v0", MinecraftMaze()),
    "minecraft-maze-order": (
        "MC-LSO-v0",
        MinecraftMaze(rooms=10, indicator_cells=2, colour_rule="order"),
    ),
    "minecraft-maze-noise": ("MC-LSN-v0", MinecraftMaze(rooms=10, noise=0.05)),
    "minecraft-maze-hidden": ("MC-LSH-v0", MinecraftMaze(hidden_indicator=True)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_mazes(name):
    published, maze = PUBLISHED[name]
    for same in (published, published.removesuffix("-v0"), published.lower()):
        assert entry(same) is entry(name)
        assert canonical_name(same) == name
    trial = make_trial(published)
    assert trial.environment == maze
    assert trial.episodes == 2
    assert trial.observation_size == 301
    assert EnvironmentSpecification.parse(name).published_boundary == "start"


def test_options_reach_the_maze():
    trial = make_trial("MC-LSN:rooms=3,noise=0.2,timeout=50,resolution=4,indicator_cells=2")
    assert trial.environment == MinecraftMaze(
        rooms=3, indicator_cells=2, noise=0.2, timeout=50, resolution=4
    )
