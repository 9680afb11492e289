"""The sequence model against the record, and `unroll` against `step`."""

from pathlib import Path
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Bool, Float, PRNGKeyArray
from numpy.typing import ArrayLike
from support.initialisation import draw, unlikely
from support.parity import (
    UNUSED,
    Named,
    difference,
    load_sequence_model,
    named_arrays,
    named_sequence_model,
)
from support.sequence_models import (
    ENVIRONMENTS,
    METHODS,
    TIME,
    random_transitions,
    some_memory,
    starts_at,
    step_through,
    tiny_model,
)

from splagger.environments.spaces import Discrete
from splagger.sequence.embedding import Transition, TransitionEmbedding
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gru import GRU
from splagger.sequence.max import Max
from splagger.sequence.segmented_scan import ScanMethod
from splagger.sequence.split_aggregator import Memory, SplitAggregator

Way = Literal["step", "unroll"]

RECORDED = ["RNN_HN", "SplAgger", "SplAgger_noSplit", "SplAgger_mlowinit", "SplAgger_noFull", "Max"]
INPUTS = {
    "prev_states": "previous_observation",
    "actions": "action",
    "rewards": "reward",
    "states": "observation",
}
"""The parts of a transition by their recorded names."""

SOME = (0, 0), (3, 0), (4, 0), (TIME - 1, 1)
"""Starts at the first step, twice in a row, and at the last; one environment has none."""


initial_memory = eqx.filter_jit(SplitAggregator.initial_memory)


@eqx.filter_jit
def run(
    way: Way,
    model: SplitAggregator,
    memory: Memory | None,
    transitions: Transition,
    starts: Bool[Array, "time environment"],
    weights: Float[Array, " time"],
):
    """Memories (every one where stepping, else the last) and latents, and the gradients of the
    weighted sum of all latents, for the model, the memory and the transitions."""

    def total(arguments):
        model, memory, transitions = arguments
        if memory is None:
            memory = model.initial_memory(starts.shape[1:])
        if way == "step":
            memories, latents = step_through(model, memory, transitions, starts)
        else:
            memories, latents = model.unroll(memory, transitions, starts)
        return jnp.sum(weights[:, None, None] * latents), (memories, latents)

    (_, results), gradients = eqx.filter_value_and_grad(total, has_aux=True)(
        (model, memory, transitions)
    )
    return *results, gradients


def last(memories: Memory) -> Memory:
    return jax.tree.map(lambda leaf: leaf[-1], memories)


def flat_state(memory: Memory) -> Array:
    """Encoder state and aggregate side by side, as recorded."""
    return jnp.concatenate(jax.tree.leaves((memory.encoder, memory.aggregate)), axis=-1)


def recorded_transitions(archive: dict[str, np.ndarray]) -> Transition:
    parts = {ours: jnp.asarray(archive[f"in/{theirs}"]) for theirs, ours in INPUTS.items()}
    return Transition(**(parts | {"reward": parts["reward"][..., 0]}))


def named_gradients(transitions: Transition, model: SplitAggregator) -> tuple[Named, Named]:
    parts = {theirs: getattr(transitions, ours) for theirs, ours in INPUTS.items()}
    parts["rewards"] = parts["rewards"][..., None]
    return parts, named_sequence_model(model)


@pytest.mark.parametrize("size", ["small", "small_init"])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        (name, path)
        for name in RECORDED
        for path in ("step", "sequential", "parallel")
        if (name, path) != ("RNN_HN", "parallel")  # without an aggregator nothing is scanned
    ],
)
def test_outputs_memories_and_gradients_equal_the_record(
    name: str, path: Literal["step"] | ScanMethod, size: str, reference: Path
):
    archive = dict(np.load(reference / "golden" / f"{name}__{size}.npz"))
    model = load_sequence_model(archive, scan="sequential" if path == "step" else path)
    transitions = recorded_transitions(archive)
    done = jnp.asarray(archive["in/done"][..., 0] == 1)
    assert done.any()
    time = done.shape[0]
    last_alone, increasing = jnp.zeros(time).at[-1].set(1.0), jnp.linspace(0.5, 1.5, time)
    way: Way = "step" if path == "step" else "unroll"
    compared: dict[str, tuple[ArrayLike, ArrayLike]] = {}
    for kind, starts in (("noreset", jnp.zeros_like(done)), ("reset", done)):
        for weighting, weights in (("grad", last_alone), ("gradall", increasing)):
            memories, latents, (to_model, _, to_transitions) = run(
                way, model, None, transitions, starts, weights
            )
            for part, gradients in zip(
                ("in", "param"), named_gradients(to_transitions, to_model), strict=True
            ):
                prefix = f"{kind}/{weighting}_{part}/"
                expected = named_arrays(archive, prefix)
                assert set(gradients) == set(expected) - {UNUSED}
                compared |= {prefix + n: (gradients[n], expected[n]) for n in gradients}
            outputs = archive[f"{kind}/outputs"]
            compared[f"{kind}/outputs"] = latents, outputs
            if way == "step":
                compared[f"{kind}/hidden"] = flat_state(memories), archive[f"{kind}/hidden"]
                memories = last(memories)
            final = archive[f"{kind}/final_hidden"]
            compared[f"{kind}/final_hidden"] = flat_state(memories), final
            compared[f"{kind}/latent of the memory"] = memories.latent, outputs[-1]
    differences = {what: difference(*pair) for what, pair in compared.items()}
    assert {what: value for what, value in differences.items() if not value <= 1e-5} == {}


@pytest.mark.parametrize("size", ["small", "small_init"])
@pytest.mark.parametrize("name", RECORDED)
def test_prior_equals_the_record(name: str, size: str, reference: Path):
    archive = dict(np.load(reference / "golden" / f"{name}__{size}.npz"))
    model = load_sequence_model(archive)
    batch = archive["in/done"].shape[1:2]
    memory = initial_memory(model, batch)
    prior = np.concatenate([archive["prior/mean"], archive["prior/logvar"]], axis=-1)[0]
    assert np.abs(prior).max() > 0.1
    assert difference(memory.latent, prior) <= 1e-5
    np.testing.assert_array_equal(flat_state(memory), archive["prior/hidden"][0])
    whole = np.concatenate(
        [archive["seq_with_prior/mean"], archive["seq_with_prior/logvar"]], axis=-1
    )
    time = archive["in/done"].shape[0]
    starts, weights = jnp.zeros((time, *batch), bool), jnp.ones(time)
    _, latents, _ = run("unroll", model, None, recorded_transitions(archive), starts, weights)
    assert difference(jnp.concatenate([memory.latent[None], latents]), whole) <= 1e-5


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("encoder", "aggregator", "split", "scan"), METHODS)
def test_unroll_equals_stepping_in_values_and_gradients(
    encoder: str, aggregator: str, split: bool, scan: ScanMethod
):
    arguments = random_transitions(), starts_at(*SOME), jnp.linspace(0.5, 1.5, TIME)
    model = tiny_model(encoder, aggregator, split)
    memories, *stepped = run("step", model, some_memory(model), *arguments)
    model = tiny_model(encoder, aggregator, split, scan)
    memory, latents, gradients = run("unroll", model, some_memory(model), *arguments)
    unrolled = jax.tree.leaves((memory, latents, gradients))
    expected = jax.tree.leaves((last(memories), *stepped))
    assert all(np.isfinite(leaf).all() for leaf in unrolled)
    assert max(map(difference, unrolled, expected)) <= 1e-9


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("encoder", "aggregator", "split", "scan"), METHODS)
def test_reset_inside_a_sequence_equals_a_fresh_start(
    encoder: str, aggregator: str, split: bool, scan: ScanMethod
):
    model = tiny_model(encoder, aggregator, split, scan)
    transitions, start, weights = random_transitions(), 3, jnp.ones(TIME)
    inside = starts_at(*((start, number) for number in range(ENVIRONMENTS)))
    _, whole, _ = run("unroll", model, some_memory(model), transitions, inside, weights)
    # The steps from the start on come first; of what follows them nothing is compared.
    moved = jax.tree.map(lambda leaf: jnp.roll(leaf, -start, axis=0), transitions)
    fresh = initial_memory(model, (ENVIRONMENTS,))
    _, latents, _ = run("unroll", model, fresh, moved, starts_at(), weights)
    assert difference(whole[start:], latents[:-start]) <= 1e-9


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("way", ["step", "unroll"])
@pytest.mark.parametrize(("encoder", "aggregator", "split", "scan"), METHODS)
def test_nothing_infinite_or_undefined_passes_a_trial_start(
    encoder: str, aggregator: str, split: bool, scan: ScanMethod, way: Way
):
    model = tiny_model(encoder, aggregator, split, "sequential" if way == "step" else scan)
    memory = some_memory(model)
    starts = starts_at(*((0, number) for number in range(ENVIRONMENTS)))
    arguments = random_transitions(), starts, jnp.ones(TIME)
    _, expected, (to_model, _, _) = run(way, model, memory, *arguments)
    for bad in (jnp.inf, -jnp.inf, jnp.nan):
        poisoned = jax.tree.map(lambda leaf, bad=bad: jnp.full_like(leaf, bad), memory)
        _, latents, (gradient, to_memory, _) = run(way, model, poisoned, *arguments)
        np.testing.assert_array_equal(latents, expected)
        jax.tree.map(np.testing.assert_array_equal, gradient, to_model)
        assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(to_memory))


@pytest.mark.usefixtures("float64")
def test_first_half_passes_by_and_second_is_aggregated():
    model = tiny_model("feed-forward", "max", True)
    model = eqx.tree_at(
        lambda m: (m.output.weight, m.output.bias), model, (jnp.eye(6), jnp.zeros(6))
    )
    transitions = random_transitions()
    u = model.encoder.project(model.embedding(transitions))
    fresh = initial_memory(model, (ENVIRONMENTS,))
    _, latents, _ = run("unroll", model, fresh, transitions, starts_at(), jnp.ones(TIME))
    np.testing.assert_allclose(latents[..., :3], u[..., :3], rtol=1e-12)
    running = np.maximum.accumulate(np.maximum(u[..., 3:], 0), axis=0)
    assert (running == 0).any()
    assert (running > 0).any()
    np.testing.assert_allclose(latents[..., 3:], running, rtol=1e-12)


@pytest.mark.usefixtures("float64")
def test_order_does_not_matter_without_recurrence():
    model = tiny_model("feed-forward", "max", False)
    transitions = random_transitions()
    backwards = jax.tree.map(lambda leaf: leaf[::-1], transitions)
    fresh = initial_memory(model, (ENVIRONMENTS,))
    common = starts_at(), jnp.ones(TIME)
    memory, *_ = run("unroll", model, fresh, transitions, *common)
    other, *_ = run("unroll", model, fresh, backwards, *common)
    assert not np.allclose(fresh.latent, memory.latent)
    np.testing.assert_allclose(memory.latent, other.latent, rtol=1e-12)


@pytest.mark.parametrize(
    ("encoder", "aggregator", "split", "state", "aggregate"),
    [
        ("gru", "none", False, [6], []),
        ("gru", "max", True, [6], [3]),
        ("gru", "max", False, [6], [6]),
        ("feed-forward", "max", False, [], [6]),
    ],
)
def test_memory_has_encoder_state_aggregate_and_latent(
    encoder: str, aggregator: str, split: bool, state: list[int], aggregate: list[int]
):
    model = tiny_model(encoder, aggregator, split)
    memory = initial_memory(model, (2, 5))
    assert [leaf.shape for leaf in jax.tree.leaves(memory.encoder)] == [(2, 5, n) for n in state]
    shapes = [leaf.shape for leaf in jax.tree.leaves(memory.aggregate)]
    assert shapes == [(2, 5, n) for n in aggregate]
    assert memory.latent.shape == (2, 5, 6)
    np.testing.assert_array_equal(memory.latent, jnp.broadcast_to(memory.latent[0, 0], (2, 5, 6)))


@pytest.mark.parametrize("name", ["SplAgger", "Max"])
def test_initial_parameters_are_distributed_as_recorded(name: str, reference: Path):
    def create(key: PRNGKeyArray) -> Named:
        keys = jax.random.split(key, 3)
        embedding = TransitionEmbedding.create(
            keys[0],
            observation_size=4,
            action_space=Discrete(4),
            observation_embedding=5,
            action_embedding=4,
            reward_embedding=2,
            action_encoding="index",
            full_transitions=True,
        )
        encoder = (FeedForward if name == "Max" else GRU).create(keys[1], embedding.size, 16)
        model = SplitAggregator.create(
            keys[2],
            embedding,
            encoder,
            Max(),
            split=name == "SplAgger",
            latent_size=3,
            scan="sequential",
        )
        return named_sequence_model(model)

    archive = dict(np.load(reference / "traces" / "init_stats_encoder.npz"))
    assert unlikely(archive, f"encoder_{name}", draw(create)) == []
