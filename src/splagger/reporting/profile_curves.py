"""Performance profiles: the share of runs whose score is above each threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel
from splagger.reporting.figure_checks import check_panels
from splagger.reporting.figure_words import SEEDS_FOR_INTERVAL, say_interval, say_range
from splagger.reporting.panels import draw_band, figure_of_panels
from splagger.reporting.statistics.bootstrap import OURS, StatisticsMode, check_strata
from splagger.reporting.statistics.profiles import performance_profile, profile_interval

THRESHOLDS = 201
"""How many thresholds are drawn, in equal steps from below the lowest score to the highest."""

_BELOW = 0.02  # of the range of scores: where the first threshold is


@dataclass(frozen=True)
class ProfilePanel:
    """What is drawn in one panel.

    **Raises:** `UserError` if an agent has no run, or a score is not finite.
    """

    title: str
    """What the scores are of."""

    scores: Mapping[str, Sequence[np.ndarray]]
    """For each agent's name the scores of its runs, `[run]` for each environment; comparable where
    there are several, as those of `splagger.reporting.scores.normalise` are."""

    def __post_init__(self) -> None:
        for agent, strata in self.scores.items():
            check_strata(f"the scores of '{agent}'", strata)


def draw_profiles(
    panels: Sequence[ProfilePanel], mode: StatisticsMode = OURS, axis: str = "normalised return"
) -> Figure:
    """Draws the share of runs above each threshold, with its bootstrap interval.

    The curve of an agent that is better in every respect lies above. Beside the panel, agents
    stand at the height of the mean of their curves.

    **Arguments:**

    - `panels`: at least one. An agent looks the same in all of them.
    - `mode`: confidence and iterations of the interval; its statistic is not used.
    - `axis`: what a score is, written below each panel.

    **Returns:** a figure that belongs to no window and no global state.

    **Raises:** `UserError` if there is no panel, or one has no agent.
    """
    check_panels(panels, "scores")
    looks = style.agent_lines(agent for panel in panels for agent in panel.scores)

    def draw(axes: Axes, panel: ProfilePanel) -> list[EndLabel]:
        axes.set_xlabel(f"threshold of the {axis}")
        return _draw_panel(axes, panel, looks, mode)

    return figure_of_panels(panels, draw, _explain(panels, mode))


def thresholds_of(panel: ProfilePanel) -> np.ndarray:
    """Returns the thresholds of a panel, `[threshold]`, the same for all of its agents.

    **Raises:** `UserError` if it has no agent.
    """
    if not panel.scores:
        raise UserError(f"the panel '{panel.title}' has no scores, but it must have some.")
    scores = np.concatenate([np.concatenate(list(strata)) for strata in panel.scores.values()])
    low, high = float(scores.min()), float(scores.max())
    room = _BELOW * (high - low) or 1.0
    return np.linspace(low - room, high, THRESHOLDS)


def _draw_panel(
    axes: Axes,
    panel: ProfilePanel,
    looks: Mapping[str, Mapping[str, Any]],
    mode: StatisticsMode,
) -> list[EndLabel]:
    thresholds, labels, count = thresholds_of(panel), [], len(panel.scores)
    for number, (agent, strata) in enumerate(panel.scores.items()):
        look = looks[agent]
        shares = performance_profile(strata, thresholds)
        if _runs(strata) >= SEEDS_FOR_INTERVAL:
            low, high = profile_interval(strata, thresholds, mode)
            draw_band(axes, thresholds, low, high, look["color"], count, step="post")
        axes.plot(
            thresholds,
            shares,
            **look,
            drawstyle="steps-post",
            markevery=style.marks_in_turn(number, count, len(thresholds)),
            label=agent,
            zorder=3,
        )
        labels.append(EndLabel(agent, "", look["color"], look, float(shares.mean())))
    axes.set_title(panel.title)
    axes.set_ylabel("share of runs above it")
    axes.set_xlim(thresholds[0], thresholds[-1])
    axes.set_ylim(-0.02, 1.03)
    return labels


def _runs(strata: Sequence[np.ndarray]) -> int:
    """How many runs there are in all environments together."""
    return sum(len(runs) for runs in strata)


def _explain(panels: Sequence[ProfilePanel], mode: StatisticsMode) -> str:
    """What lines and bands are, and of how many runs."""
    counts = {_runs(strata) for panel in panels for strata in panel.scores.values()}
    parts = ["line: share of runs above a threshold", f"band: {say_interval(mode)} at each"]
    parts.append(f"{say_range(counts)} run{'' if counts == {1} else 's'} of each agent")
    if min(counts) < SEEDS_FOR_INTERVAL:
        parts.append(f"no interval below {SEEDS_FOR_INTERVAL} runs")
    return "; ".join(parts)
