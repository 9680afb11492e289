"""The corridor of a T-maze drawn, with rows for what is seen and what is done in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from splagger.environments.t_maze.t_maze import TMaze
from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.drawings.sheet import (
    BACKDROP,
    BOLD_WIDTH,
    DOWN_COLOUR,
    INK,
    LABELS_END,
    PALE,
    UP_COLOUR,
    Point,
    Sheet,
)

CELL = 0.35
"""Inches of a cell's width and of an arm's length."""

ARM_TOP = 2.06
"""Height of the upper arm's closed end, in inches."""

INDICATOR_ROW = 1.86
"""Height of the indicators, in inches."""

_LEFT = 1.07
_FLOOR, _CEILING = 1.26, ARM_TOP - CELL
_CHECK_ROW = _CEILING - 0.14
_ACTION_ROW = _FLOOR - 0.19
_POSITION_ROW = 0.74


@dataclass(frozen=True)
class Corridor:
    """A corridor on a sheet, of which a few positions are drawn.

    **Raises:** `UserError` where the positions do not rise from column to column, as in a maze that
    is too short.
    """

    sheet: Sheet
    """What it is drawn on, 3.5 inches wide."""
    maze: TMaze
    """The environment, which all numbers are taken from."""
    columns: tuple[int | None, ...]
    """The positions from left to right, the last one the end; None where some are left out."""

    def __post_init__(self) -> None:
        if list(self.positions) != sorted(set(self.positions)):
            listed = ", ".join(str(position) for position in self.positions)
            raise UserError(
                f"the positions to draw of a T-maze of length {self.maze.length} are {listed}, but "
                "each must be above the one before: use a longer maze."
            )

    @property
    def positions(self) -> tuple[int, ...]:
        """Those that are drawn."""
        return tuple(position for position in self.columns if position is not None)

    def x(self, position: int) -> float:
        """The middle of a drawn position, in inches."""
        return _LEFT + (self.columns.index(position) + 0.5) * CELL

    @property
    def arm_left(self) -> float:
        """The left wall of the arms, in inches."""
        return _LEFT + (len(self.columns) - 1) * CELL

    def label(self, y: float, words: str, *, quiet: bool = False) -> None:
        """Names the row at height `y`."""
        colour = style.QUIET_COLOUR if quiet else INK
        self.sheet.text((LABELS_END, y), words, align="right", colour=colour)

    def draw_walls(self) -> None:
        """Draws floor and walls, the numbers of the positions, and the agent at the start."""
        sheet, ceiling, floor = self.sheet, _CEILING, _FLOOR
        far = _LEFT + len(self.columns) * CELL
        near, top, bottom = far - CELL, ceiling + CELL, floor - CELL
        sheet.area([(_LEFT, floor), (_LEFT, ceiling), (far, ceiling), (far, floor)], BACKDROP)
        sheet.area([(near, bottom), (near, top), (far, top), (far, bottom)], BACKDROP)
        wall = {"linewidth": BOLD_WIDTH, "solid_capstyle": "projecting", "zorder": 3}
        for number, position in enumerate(self.columns[:-1]):
            left, right = _LEFT + number * CELL, _LEFT + (number + 1) * CELL
            look = wall if position is not None else wall | {"linestyle": (0, (1, 1.6))}
            sheet.line([(left, ceiling), (right, ceiling)], **look)
            sheet.line([(left, floor), (right, floor)], **look)
            sheet.line([(right, floor), (right, ceiling)], color=PALE, zorder=2)
        sheet.line([(_LEFT, floor), (_LEFT, ceiling)], **wall)
        sheet.line([(near, ceiling), (near, top), (far, top), (far, bottom)], **wall)
        sheet.line([(far, bottom), (near, bottom), (near, floor)], **wall)
        self.label(_POSITION_ROW, "position", quiet=True)
        for position in self.positions:
            at = (self.x(position), _POSITION_ROW)
            sheet.text(at, str(position), colour=style.QUIET_COLOUR)
        sheet.disc((self.x(0), floor + 0.12), 0.075, INK)

    def draw_indicators(self, ups: Sequence[bool]) -> None:
        """Hangs a sign over every position that shows an indicator; `ups` is what they say."""
        self.label(INDICATOR_ROW, "sees indicator")
        for position, up in zip(self.maze.indicator_positions, ups, strict=True):
            draw_indicator(self.sheet, (self.x(position), INDICATOR_ROW), up, 0.24)

    def draw_checks(self, ups: Sequence[bool], words: str, colours: tuple[str, str]) -> None:
        """Shows a check at every drawn position.

        **Arguments:**

        - `ups`: whether it says up, at each of `positions`.
        - `words`: the row's name.
        - `colours`: of checks that say up, and of those that say down.
        """
        self.label(_CHECK_ROW, words)
        for position, up in zip(self.positions, ups, strict=True):
            at = (self.x(position), _CHECK_ROW)
            self.sheet.triangle(at, up, size=0.15, fill=colours[not up])

    def draw_actions(self, ups: Sequence[bool] | None, words: str = "does") -> None:
        """Shows the actions at the drawn positions before the end: up where `ups` says so and else
        down, or, where it is None, to the right."""
        self.label(_ACTION_ROW, words)
        for number, position in enumerate(self.positions[:-1]):
            at = (self.x(position), _ACTION_ROW)
            if ups is None:
                self.sheet.arrow(
                    (at[0] - 0.1, at[1]), (at[0] + 0.1, at[1]), colour=style.QUIET_COLOUR
                )
            else:
                draw_move(self.sheet, at, ups[number], INK)

    def draw_decision(self, up: bool) -> None:
        """Draws the right decision into its arm, and writes the rewards beside both arms."""
        far = _LEFT + len(self.columns) * CELL
        x = far - CELL / 2
        ways = (_CEILING + CELL / 2, _FLOOR - CELL / 2)
        good = f"+{self.maze.success_reward:g}"
        bad = f"{self.maze.failure_reward:g}".replace("-", "−")
        draw_move(self.sheet, (x, ways[not up]), up, UP_COLOUR if up else DOWN_COLOUR)
        for y, right in zip(ways, (up, not up), strict=True):
            words = good if right else bad
            self.sheet.text((far + 0.07, y), words, align="left", bold=right)


def draw_indicator(sheet: Sheet, centre: Point, up: bool, size: float) -> None:
    """Draws an indicator: a coloured square with a white sign for up or down."""
    sheet.box(centre, size, size, fill=UP_COLOUR if up else DOWN_COLOUR, edge="none")
    sheet.triangle(centre, up, size=0.6 * size, fill="white")


def draw_move(sheet: Sheet, centre: Point, up: bool, colour: str) -> None:
    """Draws the action up or down."""
    x, y = centre
    tip = 0.1 if up else -0.1
    sheet.arrow((x, y - tip), (x, y + tip), colour=colour, width=BOLD_WIDTH)
