"""The architectures of the paper in three drawings (its figure 1)."""

import matplotlib
from matplotlib.figure import Figure

from splagger.recipes.agent_entry import SPLAGGER
from splagger.recipes.agents import find_agent
from splagger.reporting import style
from splagger.reporting.drawings.hypernetwork import draw_hypernetwork
from splagger.reporting.drawings.sequence_model import draw_sequence_model
from splagger.reporting.drawings.sheet import TITLE_SIZE, Sheet, empty_figure

_WIDTHS, _HEIGHT, _GAP, _MARGIN = (2.2, 2.55, 2.55), 2.95, 0.22, 0.1
_BELOW = 0.16  # room for a text below the sheets
_TITLES = ("Hypernetwork policy", "AMRL", "SplAgger")


def draw_architectures() -> Figure:
    """Draws the hypernetwork that is the policy of all agents, and the sequence models of AMRL and
    SplAgger, which differ in the gradient through the maximum alone.

    All widths are those of the registered agents.

    **Returns:** a figure that belongs to no window and no global state.
    """
    with matplotlib.rc_context(style.RECORD):
        width = sum(_WIDTHS) + 2 * _GAP + 2 * _MARGIN
        figure = empty_figure(width, _HEIGHT + _BELOW + 2 * _MARGIN)
        left = _MARGIN
        sheets = []
        for title, width in zip(_TITLES, _WIDTHS, strict=True):
            sheet = Sheet.place(figure, left, _MARGIN + _BELOW, width, _HEIGHT)
            sheet.text((0.0, _HEIGHT - 0.1), title, align="left", size=TITLE_SIZE, bold=True)
            sheets.append(sheet)
            left += width + _GAP
        draw_hypernetwork(sheets[0], SPLAGGER)
        draw_sequence_model(sheets[1], find_agent("amrl").settings)
        draw_sequence_model(sheets[2], SPLAGGER)
    return figure
