"""Adaptation within a trial: the return of each of its episodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel
from splagger.reporting.figure_checks import check_panels, check_rows
from splagger.reporting.figure_words import (
    SEEDS_FOR_INTERVAL,
    say_interval,
    say_seeds,
    say_statistic,
    say_without_interval,
)
from splagger.reporting.panels import draw_level, figure_of_panels, round_ticks
from splagger.reporting.statistics.bootstrap import OURS, StatisticsMode, curve_estimates

_SPREAD = 0.3  # of the space between two episodes, over which the agents' marks are spread


@dataclass(frozen=True)
class AdaptationPanel:
    """What is drawn of one environment.

    **Raises:** `UserError` if an agent has no seed or no episode, or a return is not finite.
    """

    title: str
    """The environment's name."""

    returns: Mapping[str, np.ndarray]
    """For each agent's name `[seed, episode]`, the return of each episode of its trials."""

    optimum: float | None = None
    """The best possible return of one episode that knows the task, drawn as a dashed line."""

    def __post_init__(self) -> None:
        for agent, returns in self.returns.items():
            check_rows(returns, f"the returns of '{agent}'", "episode")


def draw_adaptation(panels: Sequence[AdaptationPanel], mode: StatisticsMode = OURS) -> Figure:
    """Draws a statistic over seeds, with its bootstrap interval, of each episode's return.

    An agent that learns from the first episodes rises to the right. The marks of several agents
    stand beside one another, so that their intervals can be told apart.

    **Arguments:**

    - `panels`: at least one. An agent looks the same in all of them.
    - `mode`: the statistic and its interval.

    **Returns:** a figure that belongs to no window and no global state.

    **Raises:** `UserError` if there is no panel, or one has no agent.
    """
    check_panels(panels, "returns")
    looks = style.agent_lines(agent for panel in panels for agent in panel.returns)

    def draw(axes: Axes, panel: AdaptationPanel) -> list[EndLabel]:
        return _draw_panel(axes, panel, looks, mode)

    return figure_of_panels(panels, draw, _explain(panels, mode))


def _draw_panel(
    axes: Axes,
    panel: AdaptationPanel,
    looks: Mapping[str, Mapping[str, Any]],
    mode: StatisticsMode,
) -> list[EndLabel]:
    labels = []
    if panel.optimum is not None:
        labels.append(draw_level(axes, panel.optimum, "optimum"))
    shifts = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(panel.returns) + 2)[1:-1]
    for shift, (agent, values) in zip(shifts, panel.returns.items(), strict=True):
        look, returns = looks[agent], np.asarray(values, float)
        middle, low, high = curve_estimates(returns, mode)
        episodes = np.arange(1, len(middle) + 1) + shift
        if len(returns) >= SEEDS_FOR_INTERVAL:
            axes.vlines(episodes, low, high, color=look["color"], linewidth=1.4, zorder=2)
        axes.plot(episodes, middle, **{**look, "markersize": 6}, label=agent, zorder=3)
        labels.append(EndLabel(agent, "", look["color"], look, float(middle[-1])))
    most = max(np.shape(returns)[1] for returns in panel.returns.values())
    axes.set_title(panel.title)
    axes.set_xlabel("episode of the trial")
    axes.set_ylabel("return of the episode")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
    axes.set_xlim(0.6, most + 0.4)
    round_ticks(axes)
    return labels


def _explain(panels: Sequence[AdaptationPanel], mode: StatisticsMode) -> str:
    """What marks and upright lines are."""
    counts = {
        panel.title: {agent: len(returns) for agent, returns in panel.returns.items()}
        for panel in panels
    }
    parts = [f"marks: {say_statistic(mode)} over seeds", f"upright lines: {say_interval(mode)}"]
    parts += [say_seeds(counts), say_without_interval(counts)]
    return "; ".join(part for part in parts if part)
