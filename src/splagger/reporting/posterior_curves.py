"""Beliefs compared over a trial: a figure, a file and a table."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.box import SIMPLE_HEAD
from rich.table import Table

from splagger.analysis.posterior_quality import BeliefComparison, PosteriorQuality
from splagger.reporting import style
from splagger.reporting.end_labels import EndLabel, place_end_labels
from splagger.training.files import write_atomically
from splagger.training.posterior_of_run import RunPosterior

COLUMNS = tuple(field.name for field in fields(BeliefComparison))
"""The columns of a file that are values."""

HEADER = ",".join(("step", "tasks", "episode_starts", *COLUMNS))
"""The first line of a file."""

_CURVES = {
    "decoded_divergence": ("decoded", "KL(exact || decoded)"),
    "prior_divergence": ("prior", "KL(exact || prior)"),
    "entropy": ("exact", "entropy of the posterior"),
}
_ROWS = {
    "decoded_divergence": "KL(exact || decoded), nats",
    "prior_divergence": "KL(exact || prior), nats",
    "entropy": "entropy of the exact posterior, nats",
    "cross_entropy": "cross-entropy of exact and decoded, nats",
    "decoded_probability": "decoded probability of the true task",
    "exact_probability": "exact probability of the true task",
}
_MARKS = 8  # on each curve, about
_MARGIN = 0.1  # inches at both sides
_BORDER = 0.5  # a step is one if in so large a part of the tasks an episode begins


def write_posterior(quality: PosteriorQuality, path: Path) -> None:
    """Writes a CSV file with a row for every step that some trial has.

    **Raises:** `UserError` if it cannot be written.
    """
    lines = [HEADER]
    for step in range(_steps(quality)):
        values = (getattr(quality.steps, name)[step] for name in COLUMNS)
        numbers = (quality.episode_starts[step], *values)
        lines.append(f"{step},{quality.tasks[step]}," + ",".join(f"{v:.9g}" for v in numbers))
    content = ("\n".join(lines) + "\n").encode()

    def write(file):
        file.write(content)

    write_atomically(path, write)


def draw_posterior(posterior: RunPosterior) -> Figure:
    """Draws both divergences and the exact posterior's entropy over a trial, with a line wherever
    an episode begins in at least half of the tasks.

    **Returns:** a figure that belongs to no window and no global state.
    """
    quality, count = posterior.quality, _steps(posterior.quality)
    steps = np.arange(count)
    with matplotlib.rc_context(style.RECORD):
        figure = Figure(figsize=(style.PANEL_WIDTH, style.PANEL_HEIGHT), dpi=style.RESOLUTION)
        FigureCanvasAgg(figure)
        figure.set_layout_engine("constrained", w_pad=_MARGIN)
        axes = figure.add_subplot()
        axes.set_title(f"{posterior.agent} on {posterior.environment}", fontsize=10)
        axes.set_xlabel("step of the trial")
        axes.set_ylabel("nats")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        for step in steps[quality.episode_starts[:count] >= _BORDER]:
            axes.axvline(step, color=style.QUIET_COLOUR, linewidth=0.7, alpha=0.5, zorder=0.9)
        labels, every = [], max(1, count // _MARKS)
        for number, (name, (label, detail)) in enumerate(_CURVES.items()):
            values = np.asarray(getattr(quality.steps, name))[:count]
            look: Mapping[str, Any] = {**style.BOLD_LINE, **style.agent_style(number)}
            axes.plot(steps, values, **look, markevery=(number * every // len(_CURVES), every))
            labels.append(EndLabel(label, detail, look["color"], look, float(values[-1])))
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        figure.supxlabel(
            f"mean over {posterior.tasks} fresh tasks; upright lines: an episode begins",
            x=0.01,
            ha="left",
            fontsize=7.5,
            color=style.QUIET_COLOUR,
        )
        place_end_labels(figure, [(axes, labels)])
    return figure


def posterior_table(posterior: RunPosterior) -> Table:
    """Makes a table of the means over the trial, and at its end."""
    title = f"{posterior.agent} on {posterior.environment}, {posterior.tasks} fresh tasks"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("")
    table.add_column("mean over the trial", justify="right", no_wrap=True)
    table.add_column("at its end", justify="right", no_wrap=True)
    quality = posterior.quality
    for name, text in _ROWS.items():
        values = (getattr(part, name) for part in (quality.over_trial, quality.at_end))
        table.add_row(text, *(f"{float(value):.4f}" for value in values))
    return table


def _steps(quality: PosteriorQuality) -> int:
    """How many steps some trial has; they are the first ones."""
    return int(np.sum(np.asarray(quality.tasks) > 0))
