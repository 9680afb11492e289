"""The four published Minecraft mazes (Beck et al. 2024), each with the options that fit it."""

import functools

from splagger.environments.entries import EnvironmentEntry, published_entry
from splagger.environments.minecraft_maze.minecraft_maze import MinecraftMaze


def long_short(
    rooms: int = 16, indicator_cells: int = 1, timeout: int = 200, resolution: int = 10
) -> MinecraftMaze:
    """Long memory of the indicator, and in every room a pillar to be passed on the right side."""
    return MinecraftMaze(
        rooms=rooms, indicator_cells=indicator_cells, timeout=timeout, resolution=resolution
    )


def order(
    rooms: int = 10, indicator_cells: int = 2, timeout: int = 200, resolution: int = 10
) -> MinecraftMaze:
    """The order of the indicator's colours counts, not which of them are seen."""
    return MinecraftMaze(
        rooms=rooms,
        indicator_cells=indicator_cells,
        colour_rule="order",
        timeout=timeout,
        resolution=resolution,
    )


def noisy(
    rooms: int = 10,
    indicator_cells: int = 1,
    noise: float = 0.05,
    timeout: int = 200,
    resolution: int = 10,
) -> MinecraftMaze:
    """As `long_short`, with noise in every picture."""
    return MinecraftMaze(
        rooms=rooms,
        indicator_cells=indicator_cells,
        noise=noise,
        timeout=timeout,
        resolution=resolution,
    )


def hidden(
    rooms: int = 16, indicator_cells: int = 1, timeout: int = 200, resolution: int = 10
) -> MinecraftMaze:
    """As `long_short`, but the indicator is not shown: the first decision is a guess."""
    return MinecraftMaze(
        rooms=rooms,
        indicator_cells=indicator_cells,
        hidden_indicator=True,
        timeout=timeout,
        resolution=resolution,
    )


_entry = functools.partial(published_entry, episodes=2, boundary="start")

MINECRAFT_MAZES: tuple[EnvironmentEntry, ...] = (
    _entry(
        "minecraft-maze-long-short",
        "MC-LS-v0",
        "remember a colour through rooms whose pillars say on which side to pass",
        long_short,
    ),
    _entry(
        "minecraft-maze-order",
        "MC-LSO-v0",
        "remember in which order two colours were seen, through rooms with pillars",
        order,
    ),
    _entry(
        "minecraft-maze-noise",
        "MC-LSN-v0",
        "remember a colour through rooms with pillars, all seen in noisy pictures",
        noisy,
    ),
    _entry(
        "minecraft-maze-hidden",
        "MC-LSH-v0",
        "find out by trying which way is right at the end of rooms with pillars",
        hidden,
    ),
)
"""Their entries in the registry."""
