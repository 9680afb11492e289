"""Scripted play in grids and halls: of every goal at once, compiled once a setting."""

import jax
import jax.numpy as jnp
import numpy as np

from splagger.environments.grid_navigation.grid_navigation import GridNavigation, GridTask

LETTERS = "SURDL"
"""Stay, up, right, down, left, in the order of the actions."""
MOVES = dict(zip(LETTERS, [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)], strict=True))


def shortest_way(start: tuple[int, int], goal: tuple[int, int]) -> str:
    """The actions as letters: sideways first, which is right in halls too."""
    right, up = goal[0] - start[0], goal[1] - start[1]
    return ("R" if right > 0 else "L") * abs(right) + ("U" if up > 0 else "D") * abs(up)


def play(
    grid: GridNavigation,
    start: tuple[int, int],
    goals: list[tuple[int, int]],
    walks: list[list[str]],
) -> np.ndarray:
    """The rewards of one trial of every goal, goal x episode x step.

    **Arguments:**

    - `start`: where every episode starts.
    - `walks`: for every goal the actions of every episode as letters; then the agent stays.
    """
    codes = [
        [[LETTERS.index(letter) for letter in walk.ljust(grid.steps, "S")] for walk in episodes]
        for episodes in walks
    ]

    def step(carry, action):
        task, state = carry
        state, result = grid.advance(task, state, action, jnp.array(0))
        return (task, state), (result.reward, result.terminated)

    def episode(carry, actions):
        task, state = carry
        state, _ = grid.start(task, state, jnp.array(start))
        return jax.lax.scan(step, (task, state), actions)

    def trial(goal, actions):
        task = GridTask(goal)
        state, _ = grid.start(task, None, jnp.array(start))
        return jax.lax.scan(episode, (task, state), actions)[1]

    rewards, ends = jax.jit(jax.vmap(trial))(jnp.array(goals), jnp.array(codes))
    assert ends[..., -1].all()
    assert not ends[..., :-1].any()
    return np.asarray(rewards)
