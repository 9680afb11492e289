"""How many numbers an agent consists of."""

import math
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax

from splagger.environments.trial_description import TrialDescription
from splagger.foundation.settings import Settings
from splagger.recipes.build import AgentBuilder


@dataclass(frozen=True)
class AgentSizes:
    """Counts of numbers."""

    sequence_model: int
    """Parameters of the sequence model, its embeddings included."""
    policy: int
    """Parameters of actor and critic."""
    memory: int
    """What is carried from step to step in one environment: encoder state, aggregate and latent."""


def agent_sizes(settings: Settings, trial: TrialDescription) -> AgentSizes:
    """Counts without computing anything.

    **Raises:** `UserError` for an environment that the agent cannot act in.
    """
    builder = AgentBuilder(settings.agent, settings.conventions, trial)
    agent = eqx.filter_eval_shape(builder, jax.random.key(0))
    memory = eqx.filter_eval_shape(lambda agent: agent.initial_memory(), agent)
    networks = agent.networks
    return AgentSizes(
        _numbers(networks.sequence_model), _numbers(networks.actor_critic), _numbers(memory)
    )


def _numbers(tree: Any) -> int:
    leaves = jax.tree.leaves(tree)
    return sum(math.prod(x.shape) for x in leaves if isinstance(x, jax.ShapeDtypeStruct))
