"""Untrained agents of the paper's size, against the means of the published code's analysis."""

import csv
from pathlib import Path

import jax
import numpy as np
import pytest
from support.analysed_models import MAX, RNN, SPLAGGER

from splagger.analysis.gradients import gradients
from splagger.analysis.permutation import permutation_difference
from splagger.environments.registry import make_trial
from splagger.foundation.agent_settings import AgentSettings
from splagger.training.sequence_models import untrained_models

NUMBER, STEPS = 3, 100
COMPARED = [10, 50, 99]

AGENTS: list[tuple[AgentSettings, str]] = [
    (RNN, "RNN+HN"),
    (SPLAGGER, "SplAgger"),
    (MAX, "SplAgger-noRNN"),
]
"""The agents, and what the record calls them."""


def recorded(folder: Path, name: str, agent: str) -> np.ndarray:
    """The mean curve `[step]` over the recorded agents."""
    with open(folder / "analysis" / f"{name}.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == agent]
    curves = np.zeros((3, STEPS))
    for row in rows:
        curves[int(row["agent_seed"]), int(row["step"])] = float(row["value"])
    return curves.mean(axis=0)


@pytest.mark.parametrize(
    ("settings", "label"), AGENTS, ids=lambda value: getattr(value, "name", "")
)
def test_means_are_near_the_record(reference: Path, settings: AgentSettings, label: str):
    subject = untrained_models(
        settings, make_trial("t-maze-long-noise"), number=NUMBER, steps=STEPS
    )
    keys = jax.random.split(jax.random.key(5), NUMBER)
    found = gradients(subject.models, keys, kind="noise", steps=STEPS)
    curves = {
        "grad": found.initial_input_gradient,
        "param_grad": found.parameter_gradient,
        "inputs_grad": found.all_inputs_gradient,
    }
    for name, values in curves.items():
        mean = np.asarray(values, float).mean(axis=0)[COMPARED]
        ratio = mean / recorded(reference, name, label)[COMPARED]
        assert np.all((ratio > 1 / 5) & (ratio < 5)), (name, ratio)

    difference = permutation_difference(subject.models, keys, kind="noise", steps=STEPS, repeats=2)
    mean = np.asarray(difference, float).mean(axis=0)[COMPARED]
    np.testing.assert_allclose(
        mean, recorded(reference, "perm_diff", label)[COMPARED], rtol=0.6, atol=1e-5
    )
