"""Learning curves: the trial return of one or more runs over the frames of training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel
from splagger.reporting.figure_files import SUFFIXES, save_figure
from splagger.reporting.figure_words import SEEDS_FOR_INTERVAL
from splagger.reporting.learning_rate import Rule, choose_learning_rate
from splagger.reporting.member_curves import RunCurves, read_curves, read_group_curves
from splagger.reporting.panels import draw_level, finish_panels, panel_grid, round_ticks
from splagger.reporting.statistics.bootstrap import Interval, seed_interval

_RULE: Rule = "final"  # by which the best learning rate is chosen
_INTERVAL_NAMES = {
    "range": "shaded: lowest to highest seed",
    "bootstrap": "shaded: 95 % bootstrap interval of the mean",
}


def plot_runs(
    runs: Sequence[Path],
    out: Path,
    *,
    optimum: Mapping[str, float | None] | None = None,
    interval: Interval = "range",
    groups: bool = False,
    overwrite: bool = False,
) -> Path:
    """Draws the learning curves of `runs` into the file `out`.

    **Arguments:**

    - `runs`: run directories. Runs of one environment share a panel.
    - `out`: a file that ends in `.png`, `.pdf` or `.svg`. Its folder is made if it is missing.
    - `optimum`: the optimal trial return by environment; what it does not name is taken from the
        runs' settings.
    - `interval`: what is shaded around a mean over three seeds or more: from the lowest to the
        highest of them, or a 95 % bootstrap interval of the mean.
    - `groups`: whether each group of tasks gets a panel, such as each direction to run in, instead
        of all tasks together.
    - `overwrite`: whether `out` may exist already.

    **Returns:** `out`.

    **Raises:** `UserError` if there is no run, if one cannot be read or has no evaluations, or if
    `out` has another suffix, exists, or cannot be written.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"the figure '{out}' has the suffix '{out.suffix}'; use one of {', '.join(SUFFIXES)}."
        )
    if out.exists() and not overwrite:
        raise UserError(f"the figure '{out}' exists; use --overwrite to replace it.")
    if not runs:
        raise UserError("no run to plot was given; name at least one run directory.")
    if groups:
        curves = [curve for run in runs for curve in read_group_curves(run)]
    else:
        curves = [read_curves(run) for run in runs]
    figure = draw_curves(curves, optimum=optimum, interval=interval)
    save_figure(figure, out)
    return out


def draw_curves(
    runs: Sequence[RunCurves],
    *,
    optimum: Mapping[str, float | None] | None = None,
    interval: Interval = "range",
) -> Figure:
    """Draws the learning curves of `runs`, one panel for each environment.

    The best learning rate of a run has a bold mean and thin lines for its seeds; the means of the
    other learning rates are dotted. The arguments are those of `plot_runs`.

    **Returns:** a figure that belongs to no window and no global state.
    """
    environments = list(dict.fromkeys(run.environment for run in runs))
    styles = style.agent_lines(_label(run, runs) for run in runs)
    with matplotlib.rc_context(style.RECORD):
        figure, grid = panel_grid(len(environments))
        panels = []
        for axes, environment in zip(grid, environments, strict=True):
            here = [run for run in runs if run.environment == environment]
            best = (optimum or {}).get(environment)
            if best is None:
                best = next((run.optimum for run in here if run.optimum is not None), None)
            ends = [] if best is None else [draw_level(axes, best, "optimum")]
            for run in here:
                ends.append(_draw_run(axes, run, _label(run, runs), styles, interval))
            _label_axes(axes, environment, here)
            panels.append((axes, ends))
        finish_panels(figure, panels, _explain(runs, interval))
    return figure


def _label(run: RunCurves, runs: Sequence[RunCurves]) -> str:
    """The agent's name; with the directory's where one agent has several runs in a panel."""
    alike = [other for other in runs if (other.environment, other.agent) == _panel_key(run)]
    return run.agent if len(alike) == 1 else f"{run.agent} {run.path.name}"


def _panel_key(run: RunCurves) -> tuple[str, str]:
    return run.environment, run.agent


def _draw_run(
    axes: Axes,
    run: RunCurves,
    label: str,
    styles: Mapping[str, Mapping[str, Any]],
    interval: Interval,
) -> EndLabel:
    bold = styles[label]
    colour = bold["color"]
    best = choose_learning_rate(run, _RULE)
    for learning_rate in run.learning_rates:
        if learning_rate != best:
            frames, returns = run.mean_curve(learning_rate)
            axes.plot(
                frames,
                returns.mean(axis=0),
                color=colour,
                linestyle=style.OTHER_LINE_STYLE,
                linewidth=1.2,
                alpha=0.7,
            )
    members = run.members_at(best)
    frames, returns = run.mean_curve(best)
    if len(members) > 1:
        for member in members:
            axes.plot(member.frames, member.trial_returns, color=colour, linewidth=0.7, alpha=0.55)
    for member in run.members:
        if member.stopped:
            axes.plot(
                member.frames[-1:],
                member.trial_returns[-1:],
                linestyle="none",
                marker="x",
                color=colour,
                markersize=8,
                markeredgewidth=2,
                zorder=4,
            )
    if len(members) >= SEEDS_FOR_INTERVAL:
        low, high = seed_interval(returns, interval)
        axes.fill_between(frames, low, high, color=colour, alpha=0.15, linewidth=0)
    mean = returns.mean(axis=0)
    axes.plot(
        frames,
        mean,
        **bold,
        # About ten marks, whatever the number of evaluations.
        markevery=max(1, len(frames) // 10),
        label=label,
        zorder=3,
    )
    detail = f"learning rate {best:g}"
    if len(run.learning_rates) > 1:
        detail += f"\n(best of {len(run.learning_rates)})"
    return EndLabel(label, detail, colour, bold, float(mean[-1]) if len(mean) else float("nan"))


def _label_axes(axes: Axes, environment: str, runs: Sequence[RunCurves]) -> None:
    axes.set_title(environment)
    episodes = {member.episode_returns.shape[1] for run in runs for member in run.members}
    over = f" (sum over {episodes.pop()} episodes)" if len(episodes) == 1 else ""
    axes.set_ylabel(f"trial return{over}")
    last = max(int(member.frames[-1]) for run in runs for member in run.members)
    style.label_frames(axes, last)
    round_ticks(axes)


def _explain(runs: Sequence[RunCurves], interval: Interval) -> str:
    """One line that says what the kinds of lines are, of those that the figure has."""
    counts = {len(run.members_at(choose_learning_rate(run, _RULE))) for run in runs}
    most = max(counts)
    parts = []
    if most > 1:
        seeds = f"{counts.pop()} seeds" if len(counts) == 1 else "seeds"
        parts += [f"bold: mean over {seeds}", "thin: single seeds"]
    if most >= SEEDS_FOR_INTERVAL:
        parts.append(_INTERVAL_NAMES[interval])
    if any(len(run.learning_rates) > 1 for run in runs):
        parts.append("dotted: other learning rates")
    if any(member.stopped for run in runs for member in run.members):
        parts.append("x: a seed that was stopped")
    return "; ".join(parts)
