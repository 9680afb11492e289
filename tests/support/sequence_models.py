"""Tiny sequence models of every kind, random transitions, and stepping as a reference."""

import typing
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.environments.spaces import Discrete
from splagger.foundation.agent_settings import AgentSettings, EmbeddingSettings
from splagger.foundation.aggregator_settings import (
    AggregatorSettings,
    GaussianProductSettings,
    MaxSettings,
    MeanMaxSettings,
    MeanSettings,
    PriorMeanSettings,
    SoftmaxSettings,
    SumSettings,
    WeightedMeanSettings,
)
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    EncoderSettings,
    FeedForwardSettings,
    GRUSettings,
    LinearRecurrenceSettings,
    LSTMSettings,
    OverwritingTransformerSettings,
)
from splagger.recipes.build_sequence import build_sequence_model
from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.embedding import Transition
from splagger.sequence.encoders.linear_recurrence import LinearRecurrence
from splagger.sequence.segmented_scan import ScanMethod
from splagger.sequence.split_aggregator import Memory, SplitAggregator
from splagger.sequence.starts import select_start

SIZE = 8
"""Width of the encoders."""

ENCODERS: dict[str, EncoderSettings] = {
    "gru": GRUSettings(SIZE),
    "lstm": LSTMSettings(SIZE),
    "feed-forward": FeedForwardSettings(SIZE),
    "linear": LinearRecurrenceSettings(SIZE),
    "overwriting-transformer": OverwritingTransformerSettings(SIZE, width=4, layers=1),
    "causal-transformer": CausalTransformerSettings(SIZE, width=8, layers=2, heads=2),
}
"""Every encoder."""

AGGREGATORS: dict[str, tuple[AggregatorSettings, bool]] = {
    "max": (MaxSettings(), False),
    "max-low": (MaxSettings("low"), False),
    "max-norm": (MaxSettings(normalised=True), False),
    "sum": (SumSettings(), False),
    "mean": (MeanSettings(), False),
    "mean-max": (MeanMaxSettings(), False),
    "weighted-mean": (WeightedMeanSettings(), False),
    "weighted-softmax": (WeightedMeanSettings(temperature=0.7), False),
    "softmax": (SoftmaxSettings(temperature=1.3, learn_temperature=True), False),
    "gaussian-product": (GaussianProductSettings(), False),
    "prior-mean": (PriorMeanSettings(), False),
    "max-straight-through": (MaxSettings(), True),
    "mean-straight-through": (MeanSettings(), True),
    "softmax-straight-through": (SoftmaxSettings(temperature=1.3), True),
}
"""Every aggregator, and whether it passes gradients straight through."""

TIME, ENVIRONMENTS = 7, 3
OBSERVATION, ACTIONS = 3, 4
CAPACITY = 5
"""How many transitions a transformer remembers: fewer than there are."""


@dataclass(frozen=True)
class Kind:
    """A kind of sequence model."""

    encoder: str
    """One of `ENCODERS`."""
    aggregator: str | None = None
    """One of `AGGREGATORS`, or none."""
    split: bool = False
    """Whether half passes by."""
    learned_start: bool = False
    """Whether it starts from parameters."""
    scan: ScanMethod = "sequential"
    """How whole sequences are computed."""

    def __str__(self) -> str:
        parts = [self.encoder, self.aggregator, "split" * self.split, self.scan[:3]]
        return "-".join(filter(None, [*parts, "learned" * self.learned_start]))


KINDS = [
    *(Kind(encoder) for encoder in ENCODERS),
    *(
        Kind("feed-forward", aggregator, aggregator != "gaussian-product")
        for aggregator in AGGREGATORS
    ),
    Kind("gru", "max", split=True),
    Kind("gru", "max"),
    Kind("gru", "mean-max", split=True, learned_start=True),
    Kind("linear", "max", split=True, learned_start=True),
]
"""Every encoder, every aggregator, and some of both; stepping makes no difference of scans."""

METHODS = [
    replace(kind, scan=scan)
    for kind in KINDS
    for scan in typing.get_args(ScanMethod)
    # Without an aggregator or a linear recurrence nothing is scanned.
    if scan == "sequential" or kind.aggregator is not None or kind.encoder == "linear"
]
"""Every kind with every method of scanning."""


def tiny_settings(kind: Kind) -> AgentSettings:
    """The settings of an agent with a sequence model of a few neurons."""
    aggregator, straight_through = AGGREGATORS.get(kind.aggregator or "", (None, False))
    return AgentSettings(
        embedding=EmbeddingSettings(4, 3, 2),
        encoder=ENCODERS[kind.encoder],
        aggregator=aggregator,
        split=kind.split,
        straight_through=straight_through,
        learned_start=kind.learned_start,
        latent_size=3,
    )


def build_tiny(settings: AgentSettings, key: PRNGKeyArray) -> SplitAggregator:
    """A sequence model for `random_transitions`."""
    return build_sequence_model(
        settings,
        observation_size=OBSERVATION,
        action_space=Discrete(ACTIONS),
        action_encoding="one-hot",
        capacity=CAPACITY,
        key=key,
    )


def tiny_model(kind: Kind) -> SplitAggregator:
    """A sequence model of a few neurons. All parameters are random, also those that start at 0."""
    shapes = eqx.filter_eval_shape(build_tiny, tiny_settings(kind), jax.random.key(0))
    model = randomised(shapes)
    if isinstance(model.encoder, LinearRecurrence):
        model = replace(model, encoder=replace(model.encoder, scan=kind.scan))
    return replace(model, scan=kind.scan)


def randomised(shapes):
    """Random arrays in place of every shape or array of a pytree."""
    random = np.random.default_rng(1)
    return jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(scale=0.5, size=leaf.shape), leaf.dtype), shapes
    )


def tiny_aggregator(name: str) -> tuple[Aggregator, int]:
    """An aggregator with random parameters, and the width of its input."""
    model = tiny_model(Kind("feed-forward", name))
    assert model.aggregator is not None
    return model.aggregator, model.aggregated


def random_transitions(seed: int = 2) -> Transition:
    """Transitions `[TIME, ENVIRONMENTS, ...]` with discrete actions."""
    random, batch = np.random.default_rng(seed), (TIME, ENVIRONMENTS)
    return Transition(
        previous_observation=jnp.asarray(random.normal(size=(*batch, OBSERVATION)), float),
        action=jnp.asarray(random.integers(ACTIONS, size=batch), int),
        reward=jnp.asarray(random.normal(size=batch), float),
        observation=jnp.asarray(random.normal(size=(*batch, OBSERVATION)), float),
    )


@eqx.filter_jit
def some_memory(model: SplitAggregator) -> Memory:
    """A memory in the middle of a trial, for `ENVIRONMENTS`: after some other transitions."""
    # None of which is met again: where a maximum is tied, its gradient hangs on rounding.
    transitions = random_transitions(seed=3)
    start = model.initial_memory((ENVIRONMENTS,))
    return last(step_through(model, start, transitions, starts_at((TIME - 3, 1)))[0])


def starts_at(*starts: tuple[int, int]) -> Bool[Array, "time environment"]:
    """Trial starts: the given (time, environment)."""
    flags = np.zeros((TIME, ENVIRONMENTS), bool)
    for start in starts:
        flags[start] = True
    return jnp.asarray(flags)


def last(memories: Memory) -> Memory:
    """The last of the memories along the first dimension."""
    return jax.tree.map(lambda leaf: leaf[-1], memories)


def step_through(
    model: SplitAggregator,
    memory: Memory,
    transitions: Transition,
    starts: Bool[Array, "time environment"],
) -> tuple[Memory, Float[Array, "time environment latent"]]:
    """What `unroll` computes, by `step`; of the memory, after every transition."""
    fresh = model.initial_memory()

    def step(memory, inputs):
        transition, start = inputs
        memory = model.step(select_start(start, fresh, memory), transition)
        return memory, memory

    _, memories = jax.lax.scan(step, memory, (transitions, starts))
    return memories, memories.latent
