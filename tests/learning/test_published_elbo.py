"""The bound and all its gradients against the record."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from support.parity import (
    Named,
    difference,
    flatten,
    load_linear,
    name_linear,
    named_arrays,
    settings_of,
)
from support.sequence_parity import load_sequence_model, named_sequence_model

from splagger.decoders.decoders import Decoders
from splagger.decoders.embedding import DecoderEmbedding
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder
from splagger.environments.task_information import TaskInformation
from splagger.foundation.linear import Linear
from splagger.learning.divergence import divergences
from splagger.learning.elbo import ElboLosses, ElboRules, ElboWeights, elbo, posteriors
from splagger.learning.elbo_terms import Choices, choose_terms
from splagger.learning.trajectories import Trajectories
from splagger.sequence.embedding import Transition
from splagger.sequence.layers import Layers
from splagger.sequence.split_aggregator import SplitAggregator

VARIANTS = (
    "full",
    "subsampled",
    "subsampled_unequal_lengths",
    "resample_decodes",
    "full_avg",
    "full_gauss_prior",
)
TOLERANCE = 1e-9
PARTS = ("reward", "state", "task", "kl", "total")
TIME = 7

Models = tuple[SplitAggregator, Decoders]


@dataclass(frozen=True)
class Record:
    """A recorded variant, and what this package makes of the same inputs."""

    arrays: dict[str, np.ndarray]
    models: Models
    trajectories: Trajectories
    choices: list[Choices]
    noise: Array
    losses: Callable[[Models], ElboLosses]

    def check(self, ours, name: str) -> None:
        assert np.asarray(ours).dtype == np.float64
        assert difference(ours, self.arrays[name]) < TOLERANCE, name


def load_decoders(arrays: dict[str, np.ndarray]) -> Decoders:
    def named(module: str) -> Named:
        return named_arrays(arrays, f"param_{module}_decoder/")

    def layers(module: str) -> list[Linear]:
        names = ("fc_layers.0", "fc_layers.1", "fc_out")
        return [load_linear(named(module), name) for name in names]

    def embedding(module: str) -> DecoderEmbedding:
        parts = ("state_encoder.fc", "action_encoder.fc")
        return DecoderEmbedding(*(load_linear(named(module), part) for part in parts), actions=None)

    *hidden, output = layers("task")
    return Decoders(
        RewardDecoder(embedding("reward"), Layers(tuple(layers("reward"))), True),
        StateDecoder(embedding("state"), Layers(tuple(layers("state")))),
        TaskDecoder(Layers(tuple(hidden)), output),
    )


def named_decoder(decoder: RewardDecoder | StateDecoder | TaskDecoder) -> Named:
    """The arrays of a decoder, or their gradients, by their recorded names."""
    if isinstance(decoder, TaskDecoder):
        layers = (*decoder.hidden.layers, decoder.output)
        named = {}
    else:
        layers, action = decoder.layers.layers, decoder.embedding.action
        assert action is not None
        named = name_linear("state_encoder.fc", decoder.embedding.observation)
        named |= name_linear("action_encoder.fc", action)
    for number, layer in enumerate(layers[:-1]):
        named |= name_linear(f"fc_layers.{number}", layer)
    return named | name_linear("fc_out", layers[-1])


def read_choices(
    arrays: dict[str, np.ndarray], settings: dict[str, Any], length: Array
) -> list[Choices]:
    """The recorded choices: one for each term where terms are drawn, as every term of the published
    code then draws its own transitions. Otherwise a single one for all terms."""
    terms, trajectories = settings["vae_subsample_elbos"], length.shape[0]
    if terms is None:
        key = jax.random.key(0)
        return [choose_terms(key, length, TIME, terms=None, decodes=None, resample=False)]
    posterior = jnp.asarray(arrays["elbo_indices"].reshape(terms, 1, trajectories))
    decoded = jnp.asarray(arrays["decode_indices"].reshape(terms, -1, trajectories))
    counts = (jnp.ones_like(posterior[0], bool), jnp.ones_like(decoded[0], bool))
    return [
        Choices(posterior[term], counts[0], decoded[term], counts[1], subsampled=True)
        for term in range(terms)
    ]


@pytest.fixture(scope="module", params=VARIANTS)
def record(request: pytest.FixtureRequest, reference: Path):
    variant = request.param
    with jax.enable_x64(True), np.load(reference / "traces" / "vae.npz") as archive:
        arrays = {
            name.removeprefix(f"{variant}/"): archive[name]
            for name in archive.files
            if name.startswith((f"{variant}/", "param_"))
        }
        yield _read(arrays)


def _read(arrays: dict[str, np.ndarray]) -> Record:
    settings = settings_of(arrays)
    transitions = Transition(
        previous_observation=jnp.asarray(arrays["in/prev_obs"]),
        action=jnp.asarray(arrays["in/actions"]),
        reward=jnp.asarray(arrays["in/rewards"][..., 0]),
        observation=jnp.asarray(arrays["in/next_obs"]),
    )
    length = jnp.asarray(arrays["in/trajectory_lens"])
    task = TaskInformation(jnp.asarray(arrays["in/tasks"]), jnp.zeros(length.shape, int))
    trajectories = Trajectories(transitions, task, length)
    sequence = settings | {
        "encoder_skip_type": None,
        "encoder_st_estimator": False,
        "encoder_agg_type": None,
        "encoder_enc_type": "gru",
    }
    archive = arrays | {"meta": np.asarray(json.dumps(sequence))}
    model = load_sequence_model(archive, "param_encoder/")
    choices = read_choices(arrays, settings, length)
    rules = ElboRules(
        "published",
        "prior" if settings["kl_to_gauss_prior"] else "previous",
        settings["vae_avg_elbo_terms"],
        settings["vae_avg_reconstruction_terms"],
    )
    coefficients = [settings[f"{part}_loss_coeff"] for part in ("rew", "state", "task")]
    weights = ElboWeights(*(jnp.asarray(w) for w in (*coefficients, 0.0, settings["kl_weight"])))
    noise = jnp.asarray(arrays["gauss_noise"])

    @eqx.filter_jit
    def losses(models: Models) -> ElboLosses:
        model, decoders = models
        latents = posteriors(model, trajectories)
        parts = [
            elbo(decoders, latents, noise, trajectories, some, weights, rules) for some in choices
        ]
        return jax.tree.map(lambda *each: sum(each), *parts)

    return Record(arrays, (model, load_decoders(arrays)), trajectories, choices, noise, losses)


def test_posteriors_and_divergences(record: Record):
    arrays = record.arrays
    latents = posteriors(record.models[0], record.trajectories)
    recorded = np.concatenate([arrays["latent_mean"], arrays["latent_logvar"]], axis=-1)
    assert difference(latents, recorded) < TOLERANCE
    to_previous = not settings_of(arrays)["kl_to_gauss_prior"]
    record.check(divergences(latents, to_previous), "kl_table")


def test_terms(record: Record):
    model, decoders = record.models
    assert decoders.reward is not None
    assert decoders.state is not None
    assert isinstance(decoders.task, TaskDecoder)
    latents = posteriors(model, record.trajectories)
    mean, log_variance = jnp.split(latents, 2, axis=-1)
    samples = mean + jnp.exp(0.5 * log_variance) * record.noise
    trajectory = jnp.arange(samples.shape[1])
    rewards, states, tasks = [], [], []
    for some in record.choices:
        terms = samples[some.posterior, trajectory]
        transitions = jax.tree.map(
            lambda leaf, some=some: leaf[some.decoded, trajectory],
            record.trajectories.transitions,
        )
        rewards.append(decoders.reward.errors(terms, transitions))
        states.append(decoders.state.errors(terms, transitions))
        tasks.append(decoders.task.errors(terms, record.trajectories.task.vector))
    record.check(jnp.concatenate(rewards), "rew_terms")
    record.check(jnp.concatenate(states), "state_terms")
    record.check(jnp.concatenate(tasks), "task_terms")


def test_losses(record: Record):
    losses = record.losses(record.models)
    for part in PARTS:
        record.check(getattr(losses, part), f"loss_{part}")
    assert losses.inference == 0


def test_gradients(record: Record):
    @eqx.filter_jit
    def gradients(models: Models) -> dict[str, Models]:
        differentiable, rest = eqx.partition(models, eqx.is_inexact_array)

        def parts(differentiable: Models) -> dict[str, Array]:
            losses = record.losses(eqx.combine(differentiable, rest))
            return {part: getattr(losses, part) for part in PARTS}

        return jax.jacrev(parts)(differentiable)

    all_gradients = gradients(record.models)
    for part, (model, _) in all_gradients.items():
        flat = flatten(named_sequence_model(model), record.arrays["param_names_encoder"])
        record.check(flat, f"grad_{part}_wrt_encoder_flat")
    _, decoders = all_gradients["total"]
    for which in ("reward", "state", "task"):
        named = named_decoder(getattr(decoders, which))
        flat = flatten(named, record.arrays[f"param_names_{which}_decoder"])
        record.check(flat, f"grad_total_wrt_{which}_decoder_flat")
