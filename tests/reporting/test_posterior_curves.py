"""The figure, the file and the table of beliefs compared over a trial."""

import csv
from dataclasses import fields, replace
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from splagger.analysis.posterior_quality import BeliefComparison, PosteriorQuality
from splagger.reporting.posterior_curves import (
    COLUMNS,
    draw_posterior,
    posterior_table,
    write_posterior,
)
from splagger.training.posterior_of_run import RunPosterior

STEPS = 7
"""How many a trial can have, the one before the first action included; the last two has none."""


def comparison(shift: float, *shape: int) -> BeliefComparison:
    """Values that differ from field to field and from step to step."""
    count = len(fields(BeliefComparison))
    values = [
        jnp.asarray(shift + number + np.arange(np.prod(shape, dtype=int)).reshape(shape) / 10)
        for number in range(count)
    ]
    return BeliefComparison(*values)


@pytest.fixture
def posterior() -> RunPosterior:
    steps = comparison(0.0, STEPS)
    steps = BeliefComparison(
        *(getattr(steps, name).at[STEPS - 2 :].set(jnp.nan) for name in COLUMNS)
    )
    nan = float("nan")
    quality = PosteriorQuality(
        steps=steps,
        tasks=jnp.asarray([8, 8, 8, 8, 4, 0, 0]),
        episode_starts=jnp.asarray([0, 0.25, 0, 0.5, 0, nan, nan]),
        over_trial=comparison(20.0),
        at_end=comparison(30.0),
    )
    return RunPosterior("varibad", "grid-navigation", 8, quality)


def test_the_file_has_the_steps_that_some_trial_has(posterior: RunPosterior, tmp_path: Path):
    path = tmp_path / "posterior.csv"
    write_posterior(posterior.quality, path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [0, 1, 2, 3, 4]
    assert [int(row["tasks"]) for row in rows] == [8, 8, 8, 8, 4]
    assert [float(row["episode_starts"]) for row in rows] == [0, 0.25, 0, 0.5, 0]
    for name in COLUMNS:
        written = [float(row[name]) for row in rows]
        np.testing.assert_allclose(written, getattr(posterior.quality.steps, name)[:5], rtol=1e-6)


def test_the_figure_has_three_curves_and_the_borders_of_episodes(posterior: RunPosterior):
    figure = draw_posterior(posterior)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    border, *curves = axes.lines
    assert set(np.asarray(border.get_xdata())) == {3}
    names = ["decoded_divergence", "prior_divergence", "entropy"]
    for line, name in zip(curves, names, strict=True):
        np.testing.assert_allclose(
            np.asarray(line.get_ydata()), getattr(posterior.quality.steps, name)[:5]
        )
    assert axes.get_title(loc="left") == "varibad on grid-navigation"
    assert "8 fresh tasks" in figure.get_supxlabel()


def test_borders_are_where_half_of_the_tasks_begin_an_episode(posterior: RunPosterior):
    quality = replace(posterior.quality, episode_starts=jnp.full(STEPS, 0.4))
    assert len(draw_posterior(replace(posterior, quality=quality)).axes[0].lines) == 3


def test_the_table_has_the_mean_and_the_end(posterior: RunPosterior):
    table = posterior_table(posterior)
    rows = list(zip(*(column._cells for column in table.columns), strict=True))
    shown = {row[0]: row[1:] for row in rows}
    number = COLUMNS.index("decoded_divergence")
    assert shown["KL(exact || decoded), nats"] == (f"{20 + number:.4f}", f"{30 + number:.4f}")
    assert len(shown) == len(COLUMNS)
    assert table.title == "varibad on grid-navigation, 8 fresh tasks"
