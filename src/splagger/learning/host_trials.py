"""Where trials stand that simulators on the host run, as arrays."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from splagger.agent import Agent
from splagger.environments.task_information import TaskInformation
from splagger.learning.train_state import Collector


class HostTrials(eqx.Module):
    """State of the running trials of simulators on the host, `[environment, ...]`.

    Between updates the simulators themselves hold it. A checkpoint has it too, if they can give it.
    """

    tasks: TaskInformation
    """The true tasks of the running trials."""
    captured: Any
    """What `Simulators.capture` gave, a pytree of NumPy arrays; None between updates, and where the
    simulators cannot be captured."""


def start_on_host(
    agent: Agent,
    observation: Float[Array, "environment observation"],
    task: TaskInformation,
) -> Collector:
    """A member's environments where all of them begin a trial: `start_collector`, for simulators
    that show `observation` and have been given `task`."""
    environments = observation.shape[0]
    return Collector(
        trial=HostTrials(task, None),
        observation=observation,
        memory=agent.initial_memory((environments,)),
        fresh_start=jnp.ones(environments, bool),
    )


def by_member(
    rows: Shaped[np.ndarray, "row ..."], members: int
) -> Shaped[np.ndarray, "member environment ..."]:
    """What simulators show, one row each, with a dimension for members. Numbers get the precision
    in which agents compute."""
    if np.issubdtype(rows.dtype, np.floating):
        rows = rows.astype(jnp.result_type(float), copy=False)
    # Not -1: tasks may have no numbers.
    return rows.reshape(members, rows.shape[0] // members, *rows.shape[1:])
