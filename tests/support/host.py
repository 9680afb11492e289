"""Playing simulators of Gymnasium environments."""

from typing import Any

import jax
import numpy as np

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import HostStep, Simulators
from splagger.environments.registry import make_trial

ROWS = 3
# Mostly nothing, so that the limit of 4 steps is met as often as every other end.
ACTIONS = (
    np.random.default_rng(1).choice(5, (60, ROWS), p=[0.7, 0.1, 0.08, 0.04, 0.08]).astype(np.int32)
)
"""`[step, row]`, what happens in `support.scripted.Script`."""


def host_trial(text: str, **arguments: Any) -> HostTrial:
    """The trials of an environment in `tests/support`."""
    trial = make_trial(f"support.{text}", trust=True, **arguments)
    assert isinstance(trial, HostTrial)
    return trial


def play(
    simulators: Simulators, actions: np.ndarray, groups: tuple[slice, ...] = (slice(None),)
) -> list[dict[str, Any]]:
    """Steps all rows, or groups of them in turn.

    **Arguments:**

    - `simulators`: whose trials have begun.
    - `actions`: `[step, row, ...]`.
    - `groups`: of rows; sent one after the other, and then received.

    **Returns:** every step's fields by name, for the rows of all groups in their order.
    """
    rows = np.concatenate([np.arange(simulators.count)[group] for group in groups])
    order = np.argsort(rows)
    steps = []
    for chosen in actions:
        for group in groups:
            simulators.send(chosen[group], group)
        parts = [_fields(simulators.receive(group)) for group in groups]
        steps.append(jax.tree.map(lambda *arrays: np.concatenate(arrays)[order], *parts))
    return steps


def _fields(step: HostStep) -> dict[str, Any]:
    return vars(step) | {"tasks": vars(step.tasks)}
