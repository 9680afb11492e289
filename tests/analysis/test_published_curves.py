"""Untrained agents of the paper's size, against the means of the published code's analysis."""

import csv
import functools
from pathlib import Path

import jax
import numpy as np
import pytest
from support.analysed_models import AMRL, MAX, RNN, SPLAGGER

from splagger.analysis.gradients import gradients
from splagger.analysis.permutation import permutation_difference
from splagger.environments.registry import make_trial
from splagger.foundation.agent_settings import AgentSettings
from splagger.training.sequence_models import untrained_models

NUMBER, STEPS = 3, 100
COMPARED = [10, 50, 99]


@functools.cache
def curves_of(settings: AgentSettings) -> dict[str, np.ndarray]:
    """The mean curves `[step]` over untrained agents, by the names of the record's files."""
    trial = make_trial("t-maze-long-noise")
    models = untrained_models(settings, trial, number=NUMBER, steps=STEPS).models
    keys = jax.random.split(jax.random.key(5), NUMBER)
    found = gradients(models, keys, kind="noise", steps=STEPS)
    difference = permutation_difference(models, keys, kind="noise", steps=STEPS, repeats=2)
    curves = {
        "grad": found.initial_input_gradient,
        "param_grad": found.parameter_gradient,
        "inputs_grad": found.all_inputs_gradient,
        "perm_diff": difference,
    }
    return {name: np.asarray(values, float).mean(axis=0) for name, values in curves.items()}


def recorded(folder: Path, name: str, agent: str) -> np.ndarray:
    """The mean curve `[step]` over the recorded agents."""
    with open(folder / "analysis" / f"{name}.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == agent]
    curves = np.zeros((3, STEPS))
    for row in rows:
        curves[int(row["agent_seed"]), int(row["step"])] = float(row["value"])
    return curves.mean(axis=0)


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        pytest.param(RNN, "RNN+HN", id="rnn"),
        pytest.param(SPLAGGER, "SplAgger", id="splagger"),
        pytest.param(MAX, "SplAgger-noRNN", id="max"),
        pytest.param(AMRL, "AMRL", id="amrl"),
    ],
)
def test_means_are_near_the_record(reference: Path, settings: AgentSettings, label: str):
    curves = curves_of(settings)
    for name in ("grad", "param_grad", "inputs_grad"):
        ratio = curves[name][COMPARED] / recorded(reference, name, label)[COMPARED]
        assert np.all((ratio > 1 / 5) & (ratio < 5)), (name, ratio)
    np.testing.assert_allclose(
        curves["perm_diff"][COMPARED],
        recorded(reference, "perm_diff", label)[COMPARED],
        rtol=0.6,
        atol=1e-5,
    )


def test_the_parameter_gradient_of_amrl_grows_linearly():
    steps, curve = np.arange(STEPS), curves_of(AMRL)["param_grad"]
    slope, offset = np.polyfit(steps, curve, 1)
    # The record: about 2.3 a step.
    assert 1.5 < slope < 3.5
    np.testing.assert_allclose(curve, slope * steps + offset, atol=0.05 * curve[-1])
    # Without straight-through gradients it levels off.
    assert curves_of(SPLAGGER)["param_grad"][-1] < 2 * curves_of(SPLAGGER)["param_grad"][10]
