"""Pictures of grids and halls."""

import math

import numpy as np
from jaxtyping import Bool, UInt8

from splagger.environments.canvas import AGENT, FLOOR, GOAL, HINT, INK, WALL, Canvas, Colour
from splagger.environments.grid_navigation.goals import Cell

_VISITED = "#BFD9EA"
_GOAL_FLOOR = "#BFE6D9"
_GAP = 0.04


def grid_picture(
    size: int,
    goals: tuple[Cell, ...],
    *,
    visited: Bool[np.ndarray, "size size"],
    goal: Cell,
    agent: Cell,
    pixels: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """Cells that were visited are blue, possible goals that were not have a dot, the goal a flag.

    **Arguments:**

    - `size`: cells of a side.
    - `goals`: the possible goals.
    - `visited`: which cells were visited, by x and y.
    - `goal`, `agent`: where they are.
    - `pixels`: of a side of the picture.
    """
    canvas = Canvas(size, size, pixels)
    for x in range(size):
        for y in range(size):
            _cell(canvas, x, y, _VISITED if visited[x, y] else FLOOR)
    for x, y in goals:
        if (x, y) != goal and not visited[x, y]:
            canvas.circle(x + 0.5, y + 0.5, 0.09, HINT)
    _cell(canvas, *goal, _GOAL_FLOOR)
    _flag(canvas, *goal)
    _agent(canvas, *agent, beside=agent == goal)
    return canvas.array()


def hall_picture(
    size: int,
    goals: tuple[Cell, ...],
    *,
    visited: Bool[np.ndarray, "size 2"],
    goal: Cell,
    agent: Cell,
    pixels: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """The corridor in rows, like text, each with its doors above and its first cell's number.

    A closed door is orange, one that was opened is blue, that of the goal is green and has a flag.
    The arguments are those of `grid_picture`; `pixels` is the longer side.
    """
    # A row is 2.4 cells high: that many columns make the picture about square.
    rows = max(1, round(math.sqrt(size / 2.4)))
    columns = math.ceil(size / rows)
    rows = math.ceil(size / columns)
    label, pitch = 1.0, 2.4
    canvas = Canvas(columns + label, rows * pitch, pixels)
    floors = [rows * pitch - pitch * (row + 1) + 0.2 for row in range(rows)]

    def place(cell: Cell) -> tuple[float, float]:
        row, column = divmod(cell[0], columns)
        return label + column, floors[row] + cell[1]

    for row, floor in enumerate(floors):
        first = row * columns
        width = min(columns, size - first)
        canvas.text(label - 0.15, floor + 0.5, str(first), 0.55, INK, anchor="rm")
        canvas.rectangle(label, floor + 1, width, 1, WALL, radius=0.1)
    for x in range(size):
        _cell(canvas, *place((x, 0)), _VISITED if visited[x, 0] else FLOOR)
    for door in goals:
        colour = _VISITED if visited[door] else HINT
        left, bottom = place(door)
        colour = _GOAL_FLOOR if door == goal else colour
        canvas.rectangle(left + 0.14, bottom, 0.72, 0.86, colour, radius=0.08)
        if door == goal:
            _flag(canvas, left, bottom)
        elif not visited[door]:
            canvas.circle(left + 0.72, bottom + 0.42, 0.06, WALL)
    _agent(canvas, *place(agent), beside=agent == goal)
    return canvas.array()


def _cell(canvas: Canvas, x: float | int, y: float | int, colour: Colour) -> None:
    canvas.rectangle(x + _GAP, y + _GAP, 1 - 2 * _GAP, 1 - 2 * _GAP, colour, radius=0.1)


def _flag(canvas: Canvas, x: float | int, y: float | int) -> None:
    canvas.line([(x + 0.36, y + 0.14), (x + 0.36, y + 0.84)], WALL, 0.06)
    canvas.polygon([(x + 0.36, y + 0.84), (x + 0.36, y + 0.46), (x + 0.78, y + 0.65)], GOAL)


def _agent(canvas: Canvas, x: float | int, y: float | int, beside: bool) -> None:
    """The agent, smaller and in a corner where it stands beside the flag."""
    if beside:
        canvas.circle(x + 0.66, y + 0.28, 0.2, AGENT, outline="#FFFFFF", width=0.04)
    else:
        canvas.circle(x + 0.5, y + 0.5, 0.32, AGENT, outline="#FFFFFF", width=0.04)
