"""The way through a room: from which cell which action leads where."""

import enum

import numpy as np


class MinecraftMazeAction(enum.IntEnum):
    """The three actions. The agent always looks forward."""

    LEFT = 0
    FORWARD = 1
    RIGHT = 2


CHOICE = (0, 1)
"""The cell before the pillar."""
EXIT = (0, 4)
"""Where a room is left, which is the next room's (0, 0)."""
STEPS_OF_A_ROOM = 6
"""The moves from a room's (0, 0) to its exit."""

_MOVES = {
    ((0, 0), MinecraftMazeAction.FORWARD): (0, 1),
    (CHOICE, MinecraftMazeAction.LEFT): (-1, 1),
    (CHOICE, MinecraftMazeAction.RIGHT): (1, 1),
    ((-1, 1), MinecraftMazeAction.FORWARD): (-1, 2),
    ((1, 1), MinecraftMazeAction.FORWARD): (1, 2),
    ((-1, 2), MinecraftMazeAction.FORWARD): (-1, 3),
    ((1, 2), MinecraftMazeAction.FORWARD): (1, 3),
    ((-1, 3), MinecraftMazeAction.RIGHT): (0, 3),
    ((1, 3), MinecraftMazeAction.LEFT): (0, 3),
    ((0, 3), MinecraftMazeAction.FORWARD): EXIT,
}


def _displacements() -> np.ndarray:
    table = np.zeros((3, 4, len(MinecraftMazeAction), 2), dtype=np.int32)
    for ((x, y), action), (new_x, new_y) in _MOVES.items():
        table[x + 1, y, action] = new_x - x, new_y - y
    table.setflags(write=False)
    return table


DISPLACEMENTS = _displacements()
"""What an action adds to x and y, by x + 1, y and action; zeros where it leads nowhere."""
