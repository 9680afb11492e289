"""A small plan of where the agent stands, for the corner of a picture that people watch."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from splagger.environments.canvas import AGENT, FLOOR, GOAL, INK, LINE, WALL, Canvas, Colour
from splagger.environments.minecraft_maze.scenes import CELLS

_PILLARS = ("#D8D8D8", "#5FC4BE")
_ORES = {-1: "#6FD3DC", 1: "#C79A78"}
_GREEN, _RED = "#43B262", "#A31B0E"
_WIDTH, _HEIGHT = 5.0, 6.6
# The lower edge of cells with y = 0; below is the caption.
_GROUND = 1.1


def room_plan(
    size: int, x: int, y: int, room_type: int, caption: str
) -> UInt8[np.ndarray, "height width 3"]:
    """A room from above: its cells, the pillar, the ores behind it and the agent.

    **Arguments:**

    - `size`: pixels of the longer side.
    - `x`, `y`: the agent's cell.
    - `room_type`: 0 for a pillar of iron, 1 for one of diamond.
    - `caption`: words below.
    """
    canvas = _canvas(size, caption)
    canvas.rectangle(0.5, _GROUND, _WIDTH - 1, 5, WALL)
    for cell in (*CELLS, (0, 4)):
        _square(canvas, *cell, FLOOR)
    _square(canvas, 0, 2, _PILLARS[room_type])
    for side, colour in _ORES.items():
        _square(canvas, side, 4, colour)
    _agent(canvas, x, y)
    return canvas.array()


def indicator_plan(
    size: int, x: int, green: Sequence[bool], caption: str
) -> UInt8[np.ndarray, "height width 3"]:
    """The indicator from the front: its colours, and the agent before one of them.

    **Arguments:**

    - `size`: pixels of the longer side.
    - `x`: the agent's cell.
    - `green`: whether each cell is green; of more than four, those around the agent are shown.
    - `caption`: words below.
    """
    canvas = _canvas(size, caption)
    first = min(max(0, x - 1), max(0, len(green) - 4))
    shown = green[first : first + 4]
    middle = (len(shown) - 1) / 2
    for place, is_green in enumerate(shown):
        _square(canvas, place - middle, 2.5, _GREEN if is_green else _RED)
        _square(canvas, place - middle, 1.5, FLOOR)
    _agent(canvas, x - first - middle, 1.5)
    return canvas.array()


def end_plan(
    size: int, x: int, right_is_right: bool, caption: str
) -> UInt8[np.ndarray, "height width 3"]:
    """The fork at the end from above, with the right side marked, and the agent.

    **Arguments:**

    - `size`: pixels of the longer side.
    - `x`: -1, 0 or 1: whether the agent went left, not yet anywhere, or right.
    - `right_is_right`: whether the right side is the right one.
    - `caption`: words below.
    """
    canvas = _canvas(size, caption)
    for place in (-1, 0, 1):
        right = place == (1 if right_is_right else -1)
        _square(canvas, place, 1.5, GOAL if right else FLOOR)
    _square(canvas, 0, 2.5, INK)
    _agent(canvas, x, 1.5)
    return canvas.array()


def _canvas(size: int, caption: str) -> Canvas:
    canvas = Canvas(_WIDTH, _HEIGHT, size)
    canvas.rectangle(0, 0, _WIDTH, _HEIGHT, "#FFFFFF", outline=LINE)
    canvas.text(_WIDTH / 2, _GROUND / 2, caption, 0.75)
    return canvas


def _square(canvas: Canvas, x: float | int, y: float | int, colour: Colour) -> None:
    canvas.rectangle(x + _WIDTH / 2 - 0.5, y + _GROUND, 1, 1, colour, outline=LINE)


def _agent(canvas: Canvas, x: float | int, y: float | int) -> None:
    canvas.circle(x + _WIDTH / 2, y + _GROUND + 0.5, 0.32, AGENT)
