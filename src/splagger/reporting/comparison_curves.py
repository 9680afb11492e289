"""Learning curves of several agents in one panel for each environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel
from splagger.reporting.figure_checks import check_frames, check_panels, check_rows
from splagger.reporting.figure_words import (
    SEEDS_FOR_INTERVAL,
    say_interval,
    say_range,
    say_seeds,
    say_statistic,
    say_without_interval,
)
from splagger.reporting.panels import (
    RANDOM_DASHES,
    draw_band,
    draw_level,
    figure_of_panels,
    round_ticks,
)
from splagger.reporting.statistics.bootstrap import OURS, PAPER, StatisticsMode, curve_estimates
from splagger.reporting.statistics.curve_values import smooth, thin

MOST_POINTS = 50
"""The most points of a curve, but for the paper's mode. Where there are more evaluations, means of
neighbours are drawn, since curves of many points hide one another."""


@dataclass(frozen=True)
class AgentCurves:
    """The evaluations of one agent on one environment, of all of its seeds.

    **Raises:** `UserError` if there is no seed or evaluation, shapes differ, a return is not finite
    or frames do not rise.
    """

    label: str
    """What the agent is called."""

    frames: np.ndarray
    """`[evaluation]` the frames at each evaluation, rising."""

    returns: np.ndarray
    """`[seed, evaluation]` the trial return of each seed."""

    def __post_init__(self) -> None:
        returns = check_rows(self.returns, f"the returns of '{self.label}'", "evaluation")
        check_frames(self.frames, f"the frames of '{self.label}'", returns.shape[1])


@dataclass(frozen=True)
class Panel:
    """What is drawn of one environment.

    **Raises:** `UserError` if two curves have the same label.
    """

    title: str
    """The environment's name."""

    curves: Sequence[AgentCurves]
    """At least one, each with a label of its own."""

    optimum: float | None = None
    """The best possible trial return, drawn as a dashed line."""

    random: float | None = None
    """The trial return of random actions, drawn as a dotted line."""

    def __post_init__(self) -> None:
        labels = [curves.label for curves in self.curves]
        for label in labels:
            if labels.count(label) > 1:
                raise UserError(
                    f"the panel '{self.title}' has {labels.count(label)} curves with the label "
                    f"'{label}', but each must have its own."
                )


def draw_comparison(panels: Sequence[Panel], mode: StatisticsMode = OURS) -> Figure:
    """Draws a statistic over seeds and its bootstrap interval over the frames of training.

    In the paper's mode curves are drawn as the paper draws them: every seed's is smoothed, and at
    most 200 points of it are kept. In any other they are drawn as they are, but where there are
    more than `MOST_POINTS` evaluations, each seed's are averaged in windows that do not overlap.
    The text below says what was done.

    **Arguments:**

    - `panels`: at least one. An agent looks the same in all of them.
    - `mode`: the statistic and its interval.

    **Returns:** a figure that belongs to no window and no global state.

    **Raises:** `UserError` if there is no panel, or one has no curve.
    """
    check_panels(panels, "curves")
    looks = style.agent_lines(curves.label for panel in panels for curves in panel.curves)

    def draw(axes: Axes, panel: Panel) -> list[EndLabel]:
        return _draw_panel(axes, panel, looks, mode)

    return figure_of_panels(panels, draw, _explain(panels, mode))


def _draw_panel(
    axes: Axes, panel: Panel, looks: Mapping[str, Mapping[str, Any]], mode: StatisticsMode
) -> list[EndLabel]:
    labels = []
    if panel.optimum is not None:
        labels.append(draw_level(axes, panel.optimum, "optimum"))
    for number, curves in enumerate(panel.curves):
        labels.append(_draw_agent(axes, curves, looks[curves.label], mode, number, panel))
    if panel.random is not None:
        labels.append(draw_level(axes, panel.random, "random", RANDOM_DASHES))
    axes.set_title(panel.title)
    axes.set_ylabel("trial return")
    style.label_frames(axes, max(int(curves.frames[-1]) for curves in panel.curves))
    round_ticks(axes)
    return labels


def _draw_agent(
    axes: Axes,
    curves: AgentCurves,
    look: Mapping[str, Any],
    mode: StatisticsMode,
    number: int,
    panel: Panel,
) -> EndLabel:
    frames, returns = _points(curves, mode)
    middle, low, high = curve_estimates(returns, mode)
    if len(returns) >= SEEDS_FOR_INTERVAL:
        draw_band(axes, frames, low, high, look["color"], len(panel.curves))
    marks = style.marks_in_turn(number, len(panel.curves), len(frames))
    axes.plot(frames, middle, **look, markevery=marks, label=curves.label, zorder=3)
    return EndLabel(curves.label, "", look["color"], look, float(middle[-1]))


def _points(curves: AgentCurves, mode: StatisticsMode) -> tuple[np.ndarray, np.ndarray]:
    """The places that are drawn, `[point]`, and what every seed has there, `[seed, point]`."""
    frames, returns = np.asarray(curves.frames), np.asarray(curves.returns, float)
    if mode == PAPER:
        kept = thin(len(frames))
        return frames[kept], smooth(returns)[:, kept]
    starts = np.arange(0, len(frames), _window(curves))
    sizes = np.diff(starts, append=len(frames))
    sums = (np.add.reduceat(values, starts, axis=-1) for values in (frames, returns))
    places, means = (values / sizes for values in sums)
    return places, means


def _window(curves: AgentCurves) -> int:
    """How many evaluations share a point; of the last one there may be fewer."""
    return -(-len(curves.frames) // MOST_POINTS)


def _explain(panels: Sequence[Panel], mode: StatisticsMode) -> str:
    """What lines and bands are."""
    counts = {
        panel.title: {curves.label: len(curves.returns) for curves in panel.curves}
        for panel in panels
    }
    parts = [f"line: {say_statistic(mode)} over seeds", f"band: {say_interval(mode)} of it"]
    parts += [say_seeds(counts), say_without_interval(counts)]
    if mode == PAPER:
        parts.append("smoothed: running mean over a tenth of the evaluations")
    else:
        windows = {_window(curves) for panel in panels for curves in panel.curves}
        if windows != {1}:
            parts.append(f"each point: mean of {say_range(windows)} evaluations in a row")
    return "; ".join(part for part in parts if part)
