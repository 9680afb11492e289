"""Pictures of the Planning Game."""

import numpy as np
from jaxtyping import Array, Int, UInt8

from splagger.environments.canvas import (
    AGENT,
    BACKGROUND,
    FLOOR,
    GOAL,
    INK,
    LINE,
    Canvas,
)

_MARGIN = 0.35
"""Room around the grid for the arrows that lead from border to border, in nodes."""


def draw_planning_game(
    labels: Int[Array | np.ndarray, "nodes"],
    position: Int[Array | np.ndarray, ""],
    goal: Int[Array | np.ndarray, ""],
    size: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draws the grid with its labels, the goal and the agent.

    **Arguments:**

    - `labels`: the label of every node.
    - `position`, `goal`: nodes of the agent and of the goal.
    - `size`: pixels of a side.
    """
    side = round(labels.size**0.5)
    whole = side + 2 * _MARGIN
    canvas = Canvas(whole, whole, size)
    for node in range(labels.size):
        x, y = (_MARGIN + place for place in divmod(node, side))
        at_goal = node == int(goal)
        fill = GOAL if at_goal else FLOOR
        canvas.rectangle(x + 0.04, y + 0.04, 0.92, 0.92, fill, radius=0.12)
        ink = BACKGROUND if at_goal else INK
        canvas.text(x + 0.14, y + 0.87, str(int(labels[node])), 0.24, ink, anchor="la")
        if node == int(position):
            canvas.circle(x + 0.6, y + 0.37, 0.25, AGENT, outline=BACKGROUND, width=0.05)
    for place in range(side):
        _joined(canvas, _MARGIN + place + 0.5, whole)
    return canvas.array()


def _joined(canvas: Canvas, along: float, whole: float) -> None:
    """Marks a row and a column whose ends are joined: small arrows that leave at either end."""
    tip, base, half = 0.1, 0.25, 0.09
    for near, far in ((tip, base), (whole - tip, whole - base)):
        canvas.polygon([(near, along), (far, along - half), (far, along + half)], LINE)
        canvas.polygon([(along, near), (along - half, far), (along + half, far)], LINE)
