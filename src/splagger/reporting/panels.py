"""What figures of several panels share: their grid, reference lines, and the text below."""

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel, place_end_labels

PanelData = TypeVar("PanelData")
"""What a panel is drawn from."""

COLUMNS = 3
"""The most panels in a row."""

OPTIMUM_DASHES = (0, (4, 3))
"""The line style of what is best possible."""

RANDOM_DASHES = (0, (1.2, 3))
"""The line style of what random actions reach."""

_CHARACTERS_PER_INCH = 18  # of the text below the panels
_FEW_BANDS = 4  # in one panel
_HEIGHT_AROUND = 1.1  # inches of a panel above and below its axes


def panel_grid(count: int, height: float = style.PANEL_HEIGHT) -> tuple[Figure, list[Axes]]:
    """Makes a figure of `count` panels, row by row. Call it within `style.RECORD`.

    **Arguments:**

    - `count`: at least one.
    - `height`: of a panel, in inches.

    **Returns:** a figure that belongs to no window and no global state, and its panels.
    """
    columns = min(COLUMNS, count)
    rows = math.ceil(count / columns)
    size = (columns * style.PANEL_WIDTH, rows * height)
    figure = Figure(figsize=size, dpi=style.RESOLUTION, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [figure.add_subplot(rows, columns, number + 1) for number in range(count)]


def figure_of_panels(
    panels: Sequence[PanelData],
    draw: Callable[[Axes, PanelData], Sequence[EndLabel]],
    explanation: str,
) -> Figure:
    """Makes a figure with a panel for each of some data.

    **Arguments:**

    - `panels`: at least one.
    - `draw`: draws a panel, and returns the labels at its right.
    - `explanation`: the text below, of any length.

    **Returns:** a figure that belongs to no window and no global state.
    """
    with matplotlib.rc_context(style.RECORD):
        figure, grid = panel_grid(len(panels))
        labels = [(axes, draw(axes, panel)) for axes, panel in zip(grid, panels, strict=True)]
        finish_panels(figure, labels, explanation)
    return figure


def finish_panels(
    figure: Figure, panels: Sequence[tuple[Axes, Sequence[EndLabel]]], explanation: str
) -> None:
    """Writes the labels of every panel and the text below all of them.

    Where many curves share a panel, the figure becomes as high as their labels need.

    **Arguments:**

    - `figure`: one of `panel_grid`.
    - `panels`: all of its panels, with the labels at their right.
    - `explanation`: the text below, of any length.
    """
    write_below(figure, explanation)
    rows = math.ceil(len(panels) / COLUMNS)
    tallest = max(sum(label.points for label in labels) for _, labels in panels) / 72
    needed = rows * (tallest + _HEIGHT_AROUND)
    figure.set_figheight(max(figure.get_figheight(), needed))
    place_end_labels(figure, panels)


def write_below(figure: Figure, explanation: str) -> None:
    """Writes the text below all panels, in as many lines as it needs."""
    text = textwrap.fill(explanation, width=int(figure.get_figwidth() * _CHARACTERS_PER_INCH))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=7.5, color=style.QUIET_COLOUR)


def draw_band(
    axes: Axes,
    places: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    colour: str,
    bands: int,
    step: Literal["post"] | None = None,
) -> None:
    """Shades what is between two curves.

    **Arguments:**

    - `axes`: the panel.
    - `places`: `[point]` along the horizontal axis.
    - `low`, `high`: `[point]` the curves.
    - `colour`: of the band.
    - `bands`: how many the panel has. Many are paler than few, so that lines stay visible, and
        have edges.
    - `step`: `post` if the curves keep their height up to the next place; else they are straight
        between places.
    """
    few = bands <= _FEW_BANDS
    alpha = 0.16 if few else 0.07
    axes.fill_between(places, low, high, color=colour, alpha=alpha, linewidth=0, step=step)
    if not few:
        drawn = "default" if step is None else "steps-post"
        for edge in (low, high):
            axes.plot(places, edge, color=colour, linewidth=0.6, alpha=0.5, drawstyle=drawn)


def draw_level(axes: Axes, height: float, name: str, dashes: Any = OPTIMUM_DASHES) -> EndLabel:
    """Draws a quiet level line to compare with.

    **Returns:** its label: the name and the value.
    """
    colour = style.QUIET_COLOUR
    axes.axhline(height, color=colour, linestyle=dashes, linewidth=1.1, zorder=1.5)
    return EndLabel("", f"{name} {height:g}", colour, {}, height)


def round_ticks(axes: Axes) -> None:
    """Gives the vertical axis a few round numbers, and a little room above and below."""
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 4, 5, 10]))
    axes.margins(y=0.06)
