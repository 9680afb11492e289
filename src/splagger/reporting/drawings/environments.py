"""The environments of the paper's memory experiments in four drawings (its figure 3)."""

from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from splagger.environments import registry
from splagger.reporting import style
from splagger.reporting.drawings.planning_map import draw_planning_game
from splagger.reporting.drawings.sheet import TITLE_SIZE, Sheet, empty_figure
from splagger.reporting.drawings.t_mazes import draw_agreement, draw_latent, draw_long_short

PANELS: tuple[tuple[str, str, Callable[[Sheet, Any], None]], ...] = (
    ("Memory & Planning Game", "planning-game-3x3", draw_planning_game),
    ("T-LS", "t-maze-long-short", draw_long_short),
    ("T-Maze Agreement", "t-maze-agreement", draw_agreement),
    ("T-Maze Latent", "t-maze-latent", draw_latent),
)
"""The paper's name of each environment, its readable name, and what draws it."""

_WIDTH, _HEIGHT, _GAP, _TITLE = 3.5, 2.55, 0.3, 0.34


def draw_environments() -> Figure:
    """Draws the Planning Game and three T-mazes: what the agent sees, and what it must do.

    All numbers are those of the registered environments.

    **Returns:** a figure that belongs to no window and no global state.
    """
    height = _HEIGHT + _TITLE
    with matplotlib.rc_context(style.RECORD):
        figure = empty_figure(2 * _WIDTH + _GAP + 0.2, 2 * height + _GAP + 0.2)
        for number, (title, name, draw) in enumerate(PANELS):
            row, column = divmod(number, 2)
            left = 0.1 + column * (_WIDTH + _GAP)
            bottom = 0.1 + (1 - row) * (height + _GAP)
            sheet = Sheet.place(figure, left, bottom, _WIDTH, height)
            words = sheet.text((0.0, height - 0.1), title, align="left", size=TITLE_SIZE, bold=True)
            sheet.text(
                (sheet.end_of(words) + 0.12, height - 0.1),
                name,
                align="left",
                size=7.5,
                colour=style.QUIET_COLOUR,
            )
            draw(sheet, registry.entry(name).builder())
    return figure
