"""What the agent sees: a room built of blocks, and a few single blocks from nearby."""

import functools

import numpy as np

from splagger.environments.minecraft_maze.ray_caster import Scene
from splagger.environments.minecraft_maze.textures import Block

CELLS = ((0, 0), (0, 1), (-1, 1), (1, 1), (-1, 2), (1, 2), (-1, 3), (1, 3), (0, 3))
"""The cells of a room, as x (to the right) and y (forward)."""
ROOM_TYPES = 2
"""How many types of rooms there are: with an iron and with a diamond pillar."""


def room_picture(room_type: int, x: int, y: int) -> str:
    """The name of the picture that is seen in a cell of a room, such as `room0/-1,2`."""
    return f"room{room_type}/{x},{y}"


PICTURES = (
    "red",
    "green",
    "black",
    "end",
    *(room_picture(room_type, *cell) for room_type in range(ROOM_TYPES) for cell in CELLS),
)
"""The names of all pictures, in the order of the tables of pictures. `black` shows nothing."""


def _room_pictures() -> np.ndarray:
    table = np.zeros((ROOM_TYPES, 3, 4), dtype=np.int32)
    for room_type in range(ROOM_TYPES):
        for x, y in CELLS:
            table[room_type, x + 1, y] = PICTURES.index(room_picture(room_type, x, y))
    table.setflags(write=False)
    return table


ROOM_PICTURES = _room_pictures()
"""The place in `PICTURES` of what is seen in a room, by its type, x + 1 and y."""

# A room from above, its far end first; x is from -2 to 2, y from 5 to 0. The pillar P stands where
# the cell (0, 2) would be, and can be passed on either side.
_PLAN = ("sssss", "cd.ic", "c...c", "c.P.c", "c...c", "cc.cc")
# What is above the height of two blocks. The walls beside the pillar end below, so that the sky is
# seen over them from the entrance.
_UPPER_PLAN = ("sssss", "cd.ic", ".....", ".....", ".....", ".....")
_LETTERS = {
    ".": Block.AIR,
    "s": Block.STONE,
    "c": Block.COBBLESTONE,
    "d": Block.DIAMOND_ORE,
    "i": Block.IRON_ORE,
}
_PILLARS = (Block.IRON, Block.DIAMOND)
_SINGLE = {"red": Block.REDSTONE, "green": Block.EMERALD, "end": Block.OBSIDIAN}
_EYE = 0.75  # Above the floor, which is one block thick.
# The camera is in the middle of a cell, but ahead of it at the entrance, where the pillar then
# fills the picture from its top to the floor.
_AHEAD = {(0, 0): 0.25}


@functools.cache
def scene(name: str) -> Scene:
    """The scene of a picture; all but `black` have one."""
    if name in _SINGLE:
        # One block at half a block's distance fills the picture.
        blocks = np.zeros((1, 2, 1), dtype=np.int64)
        blocks[0, 1, 0] = _SINGLE[name]
        return Scene(blocks, eye=(0.5, 0.5, 0.5))
    kind, cell = name.removeprefix("room").split("/")
    x, y = map(int, cell.split(","))
    return Scene(_room(int(kind)), eye=(x + 2.5, y + 0.5 + _AHEAD.get((x, y), 0.0), 1 + _EYE))


def _room(room_type: int) -> np.ndarray:
    letters = {**_LETTERS, "P": _PILLARS[room_type]}
    lower, upper = (
        np.array([[letters[letter] for letter in row] for row in plan[::-1]]).T
        for plan in (_PLAN, _UPPER_PLAN)
    )
    floor = np.full_like(lower, Block.FLOOR)
    return np.stack([floor, lower, lower, upper], axis=-1)
