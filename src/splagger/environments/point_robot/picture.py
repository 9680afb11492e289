"""Pictures of the point robots."""

import math

import numpy as np
from jaxtyping import Array, Float, UInt8

from splagger.environments.canvas import AGENT, BACKGROUND, FLOOR, GOAL, LINE, Canvas

_REWARDED = "#BFE3D8"
"""Where the goal is near enough for a reward."""
_VIEW = 1.35
"""How far the picture of a point robot reaches from the origin."""


def draw_point_robot(
    goal: Float[Array | np.ndarray, "2"],
    position: Float[Array | np.ndarray, "2"],
    half_circle: bool,
    reward_radius: float | None,
    size: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draws a point robot.

    **Arguments:**

    - `goal`, `position`: x and y of the goal and the robot.
    - `half_circle`: whether goals lie on the upper half of the unit circle, and not in the square.
    - `reward_radius`: how near the goal is rewarded; `None` if the distance itself is.
    - `size`: pixels of a side.
    """
    canvas = Canvas(2 * _VIEW, 2 * _VIEW, size, FLOOR if half_circle else BACKGROUND)
    goal_x, goal_y = (_VIEW + float(place) for place in goal)
    # Nothing keeps the robot inside: beyond the picture, its border is shown.
    x, y = (_VIEW + min(max(float(place), 0.06 - _VIEW), _VIEW - 0.06) for place in position)
    if half_circle:
        _arc(canvas, _VIEW, 1.0, 0.025)
    else:
        canvas.rectangle(_VIEW - 1, _VIEW - 1, 2, 2, FLOOR, outline=LINE)
    if reward_radius is None:
        # The distance is what is rewarded.
        canvas.line([(x, y), (goal_x, goal_y)], LINE, 0.02)
    else:
        canvas.circle(goal_x, goal_y, reward_radius, _REWARDED)
    _goal(canvas, goal_x, goal_y, 0.07)
    canvas.circle(x, y, 0.075, AGENT, outline=BACKGROUND, width=0.02)
    return canvas.array()


def draw_semicircle(
    goal: Float[Array | np.ndarray, "2"],
    position: Float[Array | np.ndarray, "2"],
    heading: Float[Array | np.ndarray, ""],
    radius: float,
    goal_radius: float,
    size: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draws a robot on its disc.

    **Arguments:**

    - `goal`, `position`: x and y of the goal and the robot.
    - `heading`: where the robot looks, in radians.
    - `radius`: of the disc.
    - `goal_radius`: how near the goal is rewarded.
    - `size`: pixels of a side.
    """
    middle = 1.35 * radius
    canvas = Canvas(2 * middle, 2 * middle, size)
    goal_x, goal_y = (middle + float(place) for place in goal)
    x, y = (middle + float(place) for place in position)
    canvas.circle(middle, middle, radius, FLOOR, outline=LINE)
    _arc(canvas, middle, radius, 0.03 * radius)
    canvas.circle(goal_x, goal_y, goal_radius, _REWARDED)
    _goal(canvas, goal_x, goal_y, 0.06 * radius)
    canvas.circle(middle, middle, 0.02 * radius, LINE)
    _arrow(canvas, x, y, float(heading), 0.17 * radius)
    return canvas.array()


def _arc(canvas: Canvas, middle: float, radius: float, width: float) -> None:
    """The upper half of a circle around the middle of the picture."""
    angles = [math.pi * part / 60 for part in range(61)]
    points = [(middle + radius * math.cos(a), middle + radius * math.sin(a)) for a in angles]
    canvas.line(points, LINE, width)


def _goal(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.circle(x, y, radius, GOAL, outline=BACKGROUND, width=radius / 4)


def _arrow(canvas: Canvas, x: float, y: float, heading: float, length: float) -> None:
    """An arrow head around (x, y) that points along the heading."""

    def corner(angle: float, distance: float) -> tuple[float, float]:
        return (
            x + distance * length * math.cos(heading + angle),
            y + distance * length * math.sin(heading + angle),
        )

    canvas.polygon(
        [corner(0.0, 1.0), corner(2.5, 0.85), corner(math.pi, 0.4), corner(-2.5, 0.85)], AGENT
    )
