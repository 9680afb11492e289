"""Norms of gradients over training, on a logarithmic axis: usual ones, and the largest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel
from splagger.reporting.figure_checks import check_frames, check_rows
from splagger.reporting.figure_words import say_range
from splagger.reporting.panels import draw_band, finish_panels, panel_grid

WINDOWS = 100
"""The most points of a curve. Where there are more updates, several share a point."""


@dataclass(frozen=True)
class NormSummary:
    """The norms of all members and updates in each window of training."""

    frames: np.ndarray
    """`[window]` the frames at each window's last update."""

    median: np.ndarray
    """`[window]` the middle one; NaN where none is finite and above 0."""

    lower_quartile: np.ndarray
    """`[window]` a quarter of the norms is below it."""

    upper_quartile: np.ndarray
    """`[window]` a quarter of the norms is above it."""

    highest: np.ndarray
    """`[window]` the largest one."""

    failed: np.ndarray
    """`[window]` whether some norm was not finite."""


def draw_norms(
    norms: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str,
    axis: str = "norm of the gradient",
) -> Figure:
    """Draws the median, the quartiles and the largest of the norms of each agent's gradients.

    The largest is drawn as well, since that is what explodes. Norms that are 0 have no place on a
    logarithmic axis and are left out; those that are not finite are left out and marked.

    **Arguments:**

    - `norms`: for each agent's name its frames, `[update]`, and the norms, `[member, update]`.
    - `title`: what they are of, such as the environment.
    - `axis`: what the norms are, written beside the axis.

    **Returns:** a figure that belongs to no window and no global state.

    **Raises:** `UserError` if there is no agent, if an agent has no member or no update, if frames
        do not rise or are of another number, or if a norm is negative.
    """
    if not norms:
        raise UserError("norms of no agent were given, but there must be at least one.")
    summaries = {
        agent: summarise_norms(frames, values, f"of '{agent}'")
        for agent, (frames, values) in norms.items()
    }
    looks = style.agent_lines(summaries)
    with matplotlib.rc_context(style.RECORD):
        figure, (axes,) = panel_grid(1)
        labels = [
            _draw_agent(axes, agent, summary, looks[agent], number, len(summaries))
            for number, (agent, summary) in enumerate(summaries.items())
        ]
        axes.set_title(title)
        axes.set_ylabel(axis)
        style.label_frames(axes, max(int(summary.frames[-1]) for summary in summaries.values()))
        # Nothing alone has no place on a logarithmic axis.
        if any(np.isfinite(summary.median).any() for summary in summaries.values()):
            axes.set_yscale("log")
        finish_panels(figure, [(axes, labels)], _explain(norms, summaries))
    return figure


def summarise_norms(frames: np.ndarray, norms: np.ndarray, name: str = "") -> NormSummary:
    """Sums up norms in at most `WINDOWS` windows of as many updates each, the last of the rest.

    **Arguments:**

    - `frames`: `[update]`, rising.
    - `norms`: `[member, update]`, not below 0; may be NaN or infinite.
    - `name`: whose they are, for messages: `of 'rnn'`.

    **Raises:** `UserError` if shapes are wrong, frames do not rise, or a norm is negative.
    """
    values = check_rows(norms, f"the norms {name}".strip(), "update", finite=False)
    places = check_frames(frames, f"the frames {name}".strip(), values.shape[1])
    if np.any(values < 0):
        raise UserError(f"the norms {name} contain {values[values < 0][0]}, which is below 0.")
    size = window_size(values.shape[1])
    starts = np.arange(0, values.shape[1], size)
    ends = np.minimum(starts + size, values.shape[1])
    summary = np.full((4, len(starts)), np.nan)
    for window, (start, end) in enumerate(zip(starts, ends, strict=True)):
        inside = values[:, start:end]
        drawn = inside[np.isfinite(inside) & (inside > 0)]
        if drawn.size:
            summary[:3, window] = np.quantile(drawn, [0.25, 0.5, 0.75])
            summary[3, window] = drawn.max()
    lower, median, upper, highest = summary
    failed = np.logical_or.reduceat(~np.isfinite(values).all(axis=0), starts)
    return NormSummary(places[ends - 1], median, lower, upper, highest, failed)


def window_size(updates: int) -> int:
    """Returns how many updates share a point, where there are so many of them."""
    return -(-updates // WINDOWS)


def _draw_agent(
    axes: Axes, agent: str, summary: NormSummary, look: Mapping[str, Any], number: int, count: int
) -> EndLabel:
    colour, frames = look["color"], summary.frames
    draw_band(axes, frames, summary.lower_quartile, summary.upper_quartile, colour, count)
    axes.plot(
        frames, summary.highest, color=colour, linestyle=style.OTHER_LINE_STYLE, linewidth=1.2
    )
    marks = style.marks_in_turn(number, count, len(frames))
    axes.plot(frames, summary.median, **look, markevery=marks, label=agent, zorder=3)
    seen = summary.median[np.isfinite(summary.median)]
    if summary.failed.any() and seen.size:
        place, height = frames[np.argmax(summary.failed)], np.nanmax(summary.highest)
        look_of_mark = {"markersize": 8, "markeredgewidth": 2, "color": colour, "zorder": 4}
        axes.plot([place], [height], linestyle="none", marker="x", **look_of_mark)
    return EndLabel(agent, "", colour, look, float(seen[-1]) if seen.size else float("nan"))


def _explain(
    norms: Mapping[str, tuple[np.ndarray, np.ndarray]], summaries: Mapping[str, NormSummary]
) -> str:
    """What lines, bands and marks are, and of how many members and updates."""
    members = {len(values) for _, values in norms.values()}
    sizes = {window_size(np.shape(values)[1]) for _, values in norms.values()}
    over = f"{say_range(members)} member{'' if members == {1} else 's'}"
    if sizes != {1}:
        over += f" and windows of {say_range(sizes)} updates"
    parts = [f"line: median over {over}", "band: quartiles", "dotted: the largest"]
    if any(summary.failed.any() for summary in summaries.values()):
        parts.append("x: the first that is not finite")
    return "; ".join(parts)
