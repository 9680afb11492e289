"""Sequence models to analyse, several of a kind: untrained ones, and the members of a run."""

from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.settings import ConventionSettings
from splagger.recipes.build_sequence import build_sequence_model
from splagger.sequence.embedding import ActionEncoding
from splagger.sequence.split_aggregator import SplitAggregator
from splagger.training.session import open_session, restore_latest


@dataclass(frozen=True)
class SequenceModels:
    """The sequence models of several agents that are made of the same parts."""

    name: str
    """The agents' name."""
    models: SplitAggregator
    """Arrays `[agent, ...]`."""

    @property
    def count(self) -> int:
        """How many agents there are."""
        return jax.tree.leaves(self.models)[0].shape[0]


def untrained_models(
    settings: AgentSettings, trial: TrialDescription, *, number: int, steps: int
) -> SequenceModels:
    """Draws agents for an environment by the seeds 0 to `number` - 1.

    **Arguments:**

    - `settings`: what they are made of.
    - `trial`: the environment, which decides the width of embedded transitions.
    - `number`: how many, at least 1.
    - `steps`: the length of the sequences that they will see.
    """
    keys = jax.vmap(jax.random.key)(jnp.arange(number))
    encoding = ConventionSettings().action_encoding
    size, actions = trial.observation_size, trial.action_space
    return SequenceModels(settings.name, _draw(settings, size, actions, encoding, steps, keys))


def trained_models(run: Path, *, trust: bool = False) -> SequenceModels:
    """Loads all members of a run from its newest checkpoint.

    **Arguments:**

    - `run`: the run directory.
    - `trust`: whether code that the run's environment refers to may be imported.

    **Raises:** `UserError` if the run cannot be read or has no checkpoint.
    """
    directory, session = open_session(run, trust=trust)
    state, _ = restore_latest(directory, session)
    return SequenceModels(session.settings.agent.name, state.agent.networks.sequence_model)


@eqx.filter_jit
def _draw(
    settings: AgentSettings,
    observation_size: int,
    action_space: Box | Discrete,
    action_encoding: ActionEncoding,
    capacity: int,
    keys: Key[Array, " agent"],
) -> SplitAggregator:
    def draw(key: Key[Array, ""]) -> SplitAggregator:
        return build_sequence_model(
            settings,
            observation_size=observation_size,
            action_space=action_space,
            action_encoding=action_encoding,
            capacity=capacity,
            key=key,
        )

    # One after the other: orthogonal initialisations side by side can lock up a CPU.
    return jax.lax.map(draw, keys)
