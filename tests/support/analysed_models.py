"""Sequence models for the tests of the analysis: tiny ones, and those of the paper's size."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from splagger.environments.spaces import Discrete
from splagger.foundation.agent_settings import AgentSettings, EmbeddingSettings
from splagger.foundation.encoder_settings import FeedForwardSettings, GRUSettings
from splagger.recipes.build_sequence import build_sequence_model
from splagger.sequence.split_aggregator import Memory, SplitAggregator

AGENTS, STEPS = 2, 4

RNN = AgentSettings("rnn", aggregator=None, split=False)
SPLAGGER = AgentSettings("splagger")
AMRL = AgentSettings("amrl", straight_through=True)
MAX = AgentSettings("max", encoder=FeedForwardSettings(), split=False)

_TINY = {"embedding": EmbeddingSettings(2, 1, 1), "latent_size": 2}
TINY = {
    "rnn": AgentSettings("rnn", encoder=GRUSettings(6), aggregator=None, split=False, **_TINY),
    "splagger": AgentSettings("splagger", encoder=GRUSettings(6), **_TINY),
    "learned-start": AgentSettings(
        "learned-start", encoder=GRUSettings(6), learned_start=True, **_TINY
    ),
    "max": AgentSettings("max", encoder=FeedForwardSettings(6), split=False, **_TINY),
}
"""A few neurons; embedded transitions have 6 components."""


def tiny_models(name: str) -> SplitAggregator:
    """Agents of a few neurons, `[AGENTS, ...]`. All parameters are random; nothing is compiled."""

    def create(key):
        return build_sequence_model(
            TINY[name],
            observation_size=3,
            action_space=Discrete(4),
            action_encoding="one-hot",
            capacity=STEPS,
            key=key,
        )

    random = np.random.default_rng(4)
    return jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(scale=0.6, size=(AGENTS, *leaf.shape)), leaf.dtype),
        eqx.filter_eval_shape(create, jax.random.key(0)),
    )


def agents_of(models: SplitAggregator) -> list[SplitAggregator]:
    """Each of the agents alone."""
    return [jax.tree.map(lambda leaf, n=n: leaf[n], models) for n in range(AGENTS)]


def stepped_output(model: SplitAggregator, xs: Array) -> np.ndarray:
    """The output after the sequence `xs`, one step after the other."""
    memory = model.initial_memory()
    for x in xs:
        memory = _step(model, memory, x)
    return np.asarray(memory.latent)


@jax.jit
def _step(model: SplitAggregator, memory: Memory, x: Array) -> Memory:
    # There is no public step for what is embedded already.
    return model._advance(memory.encoder, memory.aggregate, x)
