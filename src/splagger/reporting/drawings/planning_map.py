"""The Planning Game drawn: the map that the agent does not see, and the two labels that it does."""

from splagger.environments.planning_game.planning_game import PlanningGame
from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.drawings.sheet import (
    BOLD_WIDTH,
    INK,
    LABELS_END,
    RULE_ROWS,
    RULES_LEFT,
    Point,
    Sheet,
)

GOAL_COLOUR = style.COLOURS[2]
"""The goal's place."""

_CENTRE = (0.9, 1.68)  # of the grid, in inches
_PITCH = 0.52
_TILE = 0.34
_STUB = 0.17  # how far an edge goes on beyond the border
_LABELS = "EBHFAIDGC"  # from the upper left to the lower right: one of the maps
_AGENT, _GOAL = (0, 1), (2, 0)  # column and row, from the lower left
_COLUMN_LABELS, _COLUMN = 2.38, 2.5


def draw_planning_game(sheet: Sheet, game: PlanningGame) -> None:
    """Draws a map and, beside it, what the agent sees and does.

    **Arguments:**

    - `sheet`: what to draw on.
    - `game`: a game of 3 x 3 places.

    **Raises:** `UserError` for a game of another size.
    """
    if game.size**2 != len(_LABELS):
        raise UserError(f"the size of the Planning Game is {game.size}, but only 3 can be drawn.")
    _draw_edges(sheet, game.size)
    for column in range(game.size):
        for row in range(game.size):
            _draw_tile(sheet, _place(column, row), (column, row))
    _draw_agent(sheet, _place(*_AGENT))
    _draw_way(sheet, game.size)
    _draw_senses(sheet)
    _say_rules(sheet, game)


def _place(column: float | int, row: float | int) -> Point:
    return _CENTRE[0] + (column - 1) * _PITCH, _CENTRE[1] + (row - 1) * _PITCH


def _draw_edges(sheet: Sheet, size: int) -> None:
    """Draws which places are next to each other. What leaves at one side enters at the other."""
    look = {"color": style.QUIET_COLOUR, "linestyle": (0, (2, 2)), "zorder": 2}
    first, last = -(_TILE / 2 + _STUB) / _PITCH, size - 1 + (_TILE / 2 + _STUB) / _PITCH
    for along in range(size):
        sheet.line([_place(first, along), _place(last, along)], **look)
        sheet.line([_place(along, first), _place(along, last)], **look)
    note = "opposite borders are joined"
    sheet.text((_CENTRE[0], 0.68), note, size=7.5, colour=style.QUIET_COLOUR)


def _draw_tile(sheet: Sheet, at: Point, place: tuple[int, int]) -> None:
    """Draws a place with its label around `at`: dashed unless the agent sees its label."""
    column, row = place
    label = _LABELS[(2 - row) * 3 + column]
    if place == _AGENT:
        sheet.box(at, _TILE, _TILE, label, line_width=BOLD_WIDTH)
    elif place == _GOAL:
        sheet.box(at, _TILE, _TILE, label, fill=GOAL_COLOUR, edge=GOAL_COLOUR, ink="white")
    else:
        edge = style.QUIET_COLOUR
        sheet.box(at, _TILE, _TILE, label, edge=edge, ink=edge, dashed=True)


def _draw_agent(sheet: Sheet, at: Point) -> None:
    sheet.disc((at[0] + _TILE / 2 - 0.02, at[1] - _TILE / 2 + 0.02), 0.075, INK)


def _draw_way(sheet: Sheet, size: int) -> None:
    """Draws the shortest way to the goal: out at the left, in at the right, and down."""
    (column, row), (to_column, to_row) = _AGENT, _GOAL
    edge, gap = _TILE / 2, 0.03
    x, y = _place(column, row)
    sheet.arrow((x - edge, y), (x - edge - _STUB - 0.03, y), width=BOLD_WIDTH)
    x, _ = _place(size - 1, row)
    sheet.arrow((x + edge + _STUB + 0.03, y), (x + edge + gap, y), width=BOLD_WIDTH)
    x, end = _place(to_column, to_row)
    sheet.arrow((x, y - edge - 0.01), (x, end + edge + 0.01), width=BOLD_WIDTH)


def _draw_senses(sheet: Sheet) -> None:
    """Draws what is seen, what can be done, and what stays hidden, beside the map."""
    rows = iter((2.24, 1.82, 1.4, 1.13, 0.8))
    y = next(rows)
    sheet.text((_COLUMN_LABELS, y), "sees", align="right")
    _draw_tile(sheet, (_COLUMN + _TILE / 2, y), _AGENT)
    _draw_agent(sheet, (_COLUMN + _TILE / 2, y))
    sheet.text((_COLUMN + 0.5, y), "its place", align="left")
    y = next(rows)
    _draw_tile(sheet, (_COLUMN + _TILE / 2, y), _GOAL)
    sheet.text((_COLUMN + 0.5, y), "the goal", align="left")
    y = next(rows)
    sheet.text((_COLUMN_LABELS, y), "does", align="right")
    for number, (across, up) in enumerate(((-1, 0), (0, 1), (0, -1), (1, 0))):
        x, half = _COLUMN + 0.1 + 0.24 * number, 0.1
        start, end = (x - half * across, y - half * up), (x + half * across, y + half * up)
        sheet.arrow(start, end, width=BOLD_WIDTH)
    y = next(rows)
    sheet.text((_COLUMN, y), "collect", align="left")
    y = next(rows)
    sheet.text((_COLUMN_LABELS, y), "hidden", align="right", colour=style.QUIET_COLOUR)
    sheet.box((_COLUMN + 0.12, y), 0.2, 0.2, edge=style.QUIET_COLOUR, dashed=True)
    sheet.text((_COLUMN + 0.32, y), "the map", align="left", colour=style.QUIET_COLOUR)


def _say_rules(sheet: Sheet, game: PlanningGame) -> None:
    at_goal, whole = RULE_ROWS
    sheet.text((LABELS_END, at_goal), "at the goal", align="right", colour=style.QUIET_COLOUR)
    words = sheet.text((RULES_LEFT, at_goal), "collect", align="left")
    words = sheet.text((sheet.end_of(words) + 0.08, at_goal), "+1", align="left", bold=True)
    sheet.text((sheet.end_of(words) + 0.08, at_goal), "and it moves elsewhere", align="left")
    sheet.text((LABELS_END, whole), "each trial", align="right", colour=style.QUIET_COLOUR)
    steps = f"{game.episode_steps} steps on a new map"
    sheet.text((RULES_LEFT, whole), steps, align="left")
