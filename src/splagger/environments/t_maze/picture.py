"""Pictures of T-mazes: the corridor around the agent, and below it the whole of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from splagger.environments.canvas import (
    AGENT,
    BACKGROUND,
    DANGER,
    FLOOR,
    GOAL,
    HINT,
    INK,
    LINE,
    WALL,
    Canvas,
)

_WIDTH, _HEIGHT = 15.0, 4.9
_CELLS = 13  # how many are in view, 1 wide each
_BEHIND = 5  # how many of them are behind the agent
_FLOOR = 2.45  # the corridor's lower wall; it is 1 high
_BAND = 5  # cells of one shade, which show that the agent moves
_DARKER_FLOOR = "#E1E5EA"
_PALE_GOAL, _PALE_DANGER, _PALE_HINT = "#BFE7DC", "#F5D6BF", "#FBEBC8"
_QUIET = "#8A919C"


@dataclass(frozen=True)
class _View:
    """Which part of the corridor is in view, and where."""

    length: int
    first: int
    """The first cell in view."""
    left: float
    """The left wall of cell 0, which may be far outside of the picture."""

    @property
    def last(self) -> int:
        """The last cell in view."""
        return min(self.first + _CELLS, self.length) - 1

    def centre(self, cell: int) -> float:
        """The middle of a cell."""
        return self.left + cell + 0.5

    def beside(self, cell: int) -> float:
        """Where there is room above and below: the same, but for the last cell, with its arms."""
        return self.centre(min(cell, self.length - 2))


def draw_t_maze(
    *,
    length: int,
    signs: tuple[tuple[int, bool], ...],
    upper_is_right: bool,
    position: int,
    check_up: bool,
    size: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draws a T-maze.

    **Arguments:**

    - `length`: how many cells the corridor has.
    - `signs`: for every indicator its position, and whether it says up.
    - `upper_is_right`: whether the upper arm is the right one.
    - `position`: as in `TMazeState`.
    - `check_up`: whether the check that the agent sees says up.
    - `size`: pixels of the width.
    """
    canvas = Canvas(_WIDTH, _HEIGHT, size)
    cell = min(position, length - 1)
    arm = {length: 1, length + 1: -1}.get(position, 0)  # above, below, none
    shown = min(_CELLS, length)
    first = min(max(cell - _BEHIND, 0), length - shown)
    view = _View(length, first, (_WIDTH - shown) / 2 - first)
    _draw_corridor(canvas, view)
    _draw_fork(canvas, view, upper_is_right=upper_is_right, arm=arm)
    for place, up in signs:
        if view.first <= place <= view.last:
            _draw_sign(canvas, view.beside(place), up=up, seen=place == cell and not arm)
    if not arm:
        _draw_check(canvas, view.beside(cell), up=check_up)
    middle = _FLOOR + 0.5 + arm
    canvas.circle(view.centre(cell), middle, 0.34, AGENT, outline=BACKGROUND, width=0.07)
    _draw_overview(canvas, view, signs, cell)
    return canvas.array()


def _draw_corridor(canvas: Canvas, view: _View) -> None:
    # Where it goes on, it is drawn to the picture's edge and beyond.
    start = view.left if view.first == 0 else -1.0
    end = view.left + view.length if view.last == view.length - 1 else _WIDTH + 1.0
    canvas.rectangle(start, _FLOOR, end - start, 1, FLOOR)
    for cell in range(max(view.first - 2, 0), min(view.last + 3, view.length)):
        x = view.left + cell
        if cell // _BAND % 2:
            canvas.rectangle(x, _FLOOR, 1, 1, _DARKER_FLOOR)
        if cell % _BAND == 0:
            canvas.line([(x, _FLOOR), (x, _FLOOR + 1)], LINE, 0.03)
        if cell % (2 * _BAND) == 0:
            canvas.text(x + 0.5, _FLOOR - 0.32, str(cell), 0.36, _QUIET)
    for y in (_FLOOR, _FLOOR + 1):
        canvas.line([(start, y), (end, y)], WALL, 0.07)
    for x in (start, end):
        canvas.line([(x, _FLOOR), (x, _FLOOR + 1)], WALL, 0.07)


def _draw_fork(canvas: Canvas, view: _View, *, upper_is_right: bool, arm: int) -> None:
    """The two arms, which open from the last cell."""
    if view.last < view.length - 1:
        return
    x = view.left + view.length - 1
    for side in (1, -1):
        right = upper_is_right == (side == 1)
        colour, pale = (GOAL, _PALE_GOAL) if right else (DANGER, _PALE_DANGER)
        y = _FLOOR + side
        wall = _FLOOR + (1 if side == 1 else 0)
        outside = wall + side
        canvas.rectangle(x, y, 1, 1, colour if side == arm else pale)
        canvas.line([(x, wall), (x, outside), (x + 1, outside), (x + 1, wall)], WALL, 0.07)
        # Open to the corridor.
        canvas.line([(x + 0.06, wall), (x + 0.94, wall)], FLOOR, 0.1)
        middle = y + 0.5
        if right:
            points = [(x + 1.3, middle), (x + 1.45, middle - 0.18), (x + 1.75, middle + 0.22)]
            canvas.line(points, colour, 0.11)
        else:
            for turn in (1, -1):
                points = [(x + 1.33, middle - 0.2 * turn), (x + 1.73, middle + 0.2 * turn)]
                canvas.line(points, colour, 0.11)


def _draw_sign(canvas: Canvas, x: float, *, up: bool, seen: bool) -> None:
    """An indicator, which stands on the upper wall; it lights up where the agent sees it."""
    base = _FLOOR + 1
    canvas.rectangle(x - 0.05, base, 0.1, 0.3, WALL if seen else LINE)
    canvas.rectangle(
        x - 0.42, base + 0.25, 0.84, 0.84, HINT if seen else _PALE_HINT, outline=HINT, radius=0.14
    )
    _draw_arrow(canvas, x, base + 0.67, 0.28, up=up, colour=BACKGROUND if seen else HINT)


def _draw_check(canvas: Canvas, x: float, *, up: bool) -> None:
    """What the agent is shown besides: a small arrow below the corridor."""
    y = _FLOOR - 0.98
    canvas.circle(x, y, 0.33, BACKGROUND, outline=INK, width=0.05)
    _draw_arrow(canvas, x, y, 0.2, up=up, colour=INK)


def _draw_arrow(canvas: Canvas, x: float, y: float, reach: float, *, up: bool, colour: str) -> None:
    tip = reach if up else -reach
    canvas.line([(x, y - tip), (x, y + 0.3 * tip)], colour, 0.42 * reach)
    canvas.polygon([(x, y + tip), (x - 0.75 * reach, y), (x + 0.75 * reach, y)], colour)


def _draw_overview(
    canvas: Canvas, view: _View, signs: tuple[tuple[int, bool], ...], cell: int
) -> None:
    """The whole corridor as a bar: the part in view, the signs, the agent."""
    left, width, y, height = 1.0, _WIDTH - 2.0, 0.42, 0.2
    scale = width / view.length

    def place(cell: int) -> float:
        return left + (cell + 0.5) * scale

    canvas.rectangle(left, y, width, height, _DARKER_FLOOR, radius=height / 2)
    if view.last - view.first + 1 < view.length:
        start = left + view.first * scale
        shown = (view.last - view.first + 1) * scale
        canvas.rectangle(start, y, shown, height, LINE, radius=height / 2)
    for position, up in signs:
        _draw_arrow(canvas, place(position), y + 0.5, 0.17, up=up, colour=HINT)
    canvas.circle(place(cell), y + height / 2, 0.2, AGENT, outline=BACKGROUND, width=0.05)
