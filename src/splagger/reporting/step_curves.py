"""Figures of quantities over the steps of a sequence: one curve for each kind of agent."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel, place_end_labels
from splagger.reporting.figure_words import say_range
from splagger.reporting.panels import write_below
from splagger.reporting.quantities import Quantity
from splagger.reporting.statistics.bootstrap import seed_interval

_MARGIN = 0.1  # inches at both sides


def draw_step_curves(values: Mapping[str, np.ndarray], quantity: Quantity) -> Figure:
    """Draws the mean over the members of each agent, with a 95 % bootstrap interval of it.

    **Arguments:**

    - `values`: for each agent's name `[member, step]`.
    - `quantity`: what they are.

    **Returns:** a figure that belongs to no window and no global state.
    """
    with matplotlib.rc_context(style.RECORD):
        figure = Figure(
            figsize=(style.PANEL_WIDTH, style.PANEL_HEIGHT),
            dpi=style.RESOLUTION,
        )
        FigureCanvasAgg(figure)
        figure.set_layout_engine("constrained", w_pad=_MARGIN)
        axes = figure.add_subplot()
        axes.set_title(quantity.title)
        axes.set_xlabel("step")
        axes.set_ylabel(quantity.axis)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        labels, looks = [], style.agent_lines(values)
        for number, (agent, curves) in enumerate(values.items()):
            steps, mean = np.arange(curves.shape[1]), curves.mean(axis=0)
            look = looks[agent]
            if len(curves) > 1:
                low, high = seed_interval(curves, "bootstrap")
                axes.fill_between(steps, low, high, color=look["color"], alpha=0.18, linewidth=0)
            marks = style.marks_in_turn(number, len(values), len(steps))
            axes.plot(steps, mean, **look, markevery=marks)
            labels.append(EndLabel(agent, "", look["color"], look, float(mean[-1])))
        axes.set_xlim(left=0)
        # Zeros alone have no place on a logarithmic axis.
        if quantity.logarithmic and any(np.any(curves > 0) for curves in values.values()):
            axes.set_yscale("log")
        write_below(figure, _explain(values))
        place_end_labels(figure, [(axes, labels)])
    return figure


def _explain(values: Mapping[str, np.ndarray]) -> str:
    """One line that says what curves and shades are."""
    counts = {len(curves) for curves in values.values()}
    if counts == {1}:
        return "one agent each"
    return f"mean over {say_range(counts)} agents each; shaded: 95 % bootstrap interval of the mean"
