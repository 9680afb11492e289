"""How every figure looks: sizes, colours and marks, in one place."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Colours that people with any colour vision tell apart (Okabe and Ito, 2008), without yellow."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Marks that tell curves apart in print without colours."""

LINE_STYLES = ("-", "-.", ":")
"""Line styles of the first, second and third round through the colours. Dashes are for optima."""

AGENT_NUMBERS = {
    "splagger": 0,
    "rnn": 1,
    "amrl": 2,
    "max": 3,
    "max-straight-through": 4,
    "cnp": 5,
    "pearl": 6,
}
"""The numbers of the paper's main agents, by name: they look the same in every figure."""

BOLD_LINE = {
    "linewidth": 2.2,
    "markersize": 4.5,
    "markeredgecolor": "white",
    "markeredgewidth": 0.6,
}
"""The line of what a figure is about."""

OTHER_LINE_STYLE = (0, (1, 1.8))
"""The line style of what is not the best of its run."""

BOLD_LINES = 5
"""With more agents than this their lines are thinner."""

THINNER = 1.5
"""The width of the line of each of many agents, in points."""

PANEL_WIDTH = 5.6
"""Inches of a panel, its labels at the right included."""

PANEL_HEIGHT = 3.6
"""Inches of a panel, its title included."""

RESOLUTION = 200
"""Pixels per inch of a PNG."""

QUIET_COLOUR = "#5A5A5A"
"""For what is there to compare with: optima, notes, axes."""

RECORD: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET_COLOUR,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": "#222222",
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.7,
    "lines.dash_capstyle": "round",
    "lines.solid_capstyle": "round",
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "splagger",
    "text.usetex": False,
    "xtick.color": QUIET_COLOUR,
    "xtick.labelcolor": "#222222",
    "xtick.labelsize": 9,
    "ytick.color": QUIET_COLOUR,
    "ytick.labelcolor": "#222222",
    "ytick.labelsize": 9,
}
"""The matplotlib settings of every figure."""


def agent_style(number: int) -> dict[str, Any]:
    """Returns the colour, marker and line style of the agent with this number, from 0.

    After every round through the colours, marks are hollow where they were filled.
    """
    turn, place = divmod(number, len(COLOURS))
    look = {
        "color": COLOURS[place],
        "marker": MARKERS[place],
        "linestyle": LINE_STYLES[turn % len(LINE_STYLES)],
    }
    if turn % 2:
        look |= {"markerfacecolor": "white", "markeredgecolor": COLOURS[place]}
    return look


def agent_lines(agents: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Returns the bold line of every agent of a figure: properties of `Line2D`, by name.

    Those of `AGENT_NUMBERS` have their own numbers, and the others, in their order, the lowest
    that are left.
    """
    names = list(dict.fromkeys(agents))
    width = BOLD_LINE["linewidth"] if len(names) <= BOLD_LINES else THINNER
    free = (number for number in count() if number not in map(AGENT_NUMBERS.get, names))
    return {
        name: {
            **BOLD_LINE,
            "linewidth": width,
            **agent_style(AGENT_NUMBERS[name] if name in AGENT_NUMBERS else next(free)),
        }
        for name in names
    }


def marks_in_turn(number: int, lines: int, points: int) -> tuple[int, int]:
    """Returns `markevery` of the line with this number among `lines` ones of `points` points.

    Each has about ten marks. Where lines lie on one another, their marks take turns.
    """
    every = max(1, points // 10)
    return number * every // max(1, lines), every


def label_frames(axes: Axes, last: int) -> None:
    """Makes the horizontal axis one of frames, from 0 to `last`, in a unit that reads well."""
    unit, name = next((unit, name) for unit, name in _UNITS if max(last, 1) >= unit)
    axes.set_xlabel(f"frames{name}")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda frames, _: f"{frames / unit:g}"))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    # A little more, so that the last mark is not cut in half.
    axes.set_xlim(left=0, right=max(last, 1) * 1.01)


_UNITS = ((1_000_000, " (millions)"), (1_000, " (thousands)"), (1, ""))
