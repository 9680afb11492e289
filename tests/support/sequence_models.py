"""Tiny sequence models of every kind, random transitions, and stepping as a reference."""

import typing
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.environments.spaces import Discrete
from splagger.sequence.aggregator import Aggregator
from splagger.sequence.embedding import Transition, TransitionEmbedding
from splagger.sequence.encoder import Encoder, select_start
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gru import GRU
from splagger.sequence.max import Max
from splagger.sequence.segmented_scan import ScanMethod
from splagger.sequence.split_aggregator import Memory, SplitAggregator

ENCODERS: dict[str, Callable[[PRNGKeyArray, int, int], Encoder]] = {
    "gru": GRU.create,
    "feed-forward": FeedForward.create,
}
"""Every encoder."""

AGGREGATORS: dict[str, Aggregator] = {"max": Max(), "max-low": Max("low")}
"""Every aggregator."""

TIME, ENVIRONMENTS = 7, 3
OBSERVATION, ACTIONS = 3, 4
KINDS = [
    (encoder, aggregator, split)
    for encoder in ENCODERS
    for aggregator, split in [
        ("none", False),
        ("max", False),
        *((aggregator, True) for aggregator in AGGREGATORS),
    ]
]
"""(encoder, aggregator, split): every encoder with every aggregator, and some without a split."""

METHODS: list[tuple[str, str, bool, ScanMethod]] = [
    (*kind, method)
    for kind in KINDS
    for method in typing.get_args(ScanMethod)
    if (kind[1], method) != ("none", "parallel")
]
"""Every kind with every method of scanning; without an aggregator nothing is scanned."""


def tiny_model(
    encoder: str, aggregator: str, split: bool, scan: ScanMethod = "sequential"
) -> SplitAggregator:
    """A sequence model with six neurons. All parameters are random, also those that start at 0."""

    def create(key: PRNGKeyArray) -> SplitAggregator:
        embedding = TransitionEmbedding.create(
            key,
            observation_size=OBSERVATION,
            action_space=Discrete(ACTIONS),
            observation_embedding=4,
            action_embedding=3,
            reward_embedding=2,
            action_encoding="one-hot",
            full_transitions=True,
        )
        return SplitAggregator.create(
            key,
            embedding,
            ENCODERS[encoder](key, embedding.size, 6),
            AGGREGATORS.get(aggregator),
            split=split,
            latent_size=3,
            scan=scan,
        )

    random = np.random.default_rng(1)
    return jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(scale=0.5, size=leaf.shape), leaf.dtype),
        eqx.filter_eval_shape(create, jax.random.key(0)),
    )


def random_transitions() -> Transition:
    """Transitions `[TIME, ENVIRONMENTS, ...]` with discrete actions."""
    random, batch = np.random.default_rng(2), (TIME, ENVIRONMENTS)
    return Transition(
        previous_observation=jnp.asarray(random.normal(size=(*batch, OBSERVATION)), float),
        action=jnp.asarray(random.integers(ACTIONS, size=batch), int),
        reward=jnp.asarray(random.normal(size=batch), float),
        observation=jnp.asarray(random.normal(size=(*batch, OBSERVATION)), float),
    )


def some_memory(model: SplitAggregator) -> Memory:
    """A memory in the middle of a trial, for `ENVIRONMENTS`."""
    random = np.random.default_rng(3)
    return jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(scale=0.5, size=leaf.shape), leaf.dtype),
        eqx.filter_eval_shape(model.initial_memory, (ENVIRONMENTS,)),
    )


def starts_at(*starts: tuple[int, int]) -> Bool[Array, "time environment"]:
    """Trial starts: the given (time, environment)."""
    flags = np.zeros((TIME, ENVIRONMENTS), bool)
    for start in starts:
        flags[start] = True
    return jnp.asarray(flags)


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
