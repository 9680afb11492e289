"""Policies against the record: outputs, gradients, what is generated."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference, load_moments, named_arrays
from support.policy_parity import (
    UNUSED_BIAS,
    generated_arrays,
    load_actor_critic,
    named_actor_critic,
)
from support.tasks import no_task

from splagger.foundation.normalisers import RunningMoments
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.distributions import Categorical, DiagonalGaussian
from splagger.policies.film_linear import FilmLinear
from splagger.policies.generated_linear import GeneratedLinear
from splagger.policies.latent_embedding import LatentEmbedding
from splagger.policies.network import PlainNetwork

DATA = Path(__file__).parents[1] / "data"
GOLDEN = sorted((DATA / "golden").glob("policy_*.npz"))
TRACES = sorted((DATA / "traces" / "policy").glob("policy_*.npz"))


@eqx.filter_jit
def evaluate(policy: ActorCritic, moments, latent_moments, state, latent, action):
    """Values, log-probabilities and mean entropy; the gradients of the sum of all; and the
    distribution."""

    def total(arguments):
        policy, state, latent = arguments
        normalised = latent if latent_moments is None else latent_moments.normalise(latent)
        observation = state if moments is None else moments.normalise(state)
        distribution, value = policy(observation, normalised, no_task(len(state)))
        results = {
            "value": value[:, None],
            "log_probs": distribution.log_probability(action)[:, None],
            "entropy_mean": jnp.mean(distribution.entropy()),
        }
        generated = []
        if isinstance(policy.actor, ConditionedNetwork):
            generated = generated_arrays(policy, normalised)
        return sum(map(jnp.sum, results.values())), (results, distribution, generated)

    return eqx.filter_grad(total, has_aux=True)((policy, state, latent))


def moments_of(archive, prefix: str) -> RunningMoments | None:
    return load_moments(archive, prefix) if f"{prefix}mean" in archive else None


def differences(path: Path) -> dict[str, float]:
    """How far every output, gradient and generated array is from the record."""
    archive = dict(np.load(path))
    policy = load_actor_critic(archive)
    discrete = policy.log_standard_deviation is None
    action = archive["in/action"][:, 0] if discrete else archive["in/action"]
    gradients, (results, distribution, generated) = evaluate(
        policy,
        moments_of(archive, "state_rms/"),
        moments_of(archive, "latent_rms/"),
        *(jnp.asarray(array) for array in (archive["in/state"], archive["in/latent"], action)),
    )
    compared = {name: (value, archive[f"out/{name}"]) for name, value in results.items()}
    mode = distribution.mode()
    if isinstance(distribution, Categorical):
        logits = jax.nn.log_softmax(distribution.logits)
        compared["logits"] = logits, archive["out/logits_normalised"]
        mode = mode[:, None]
    else:
        assert isinstance(distribution, DiagonalGaussian)
        compared["mean"] = distribution.mean, archive["out/mean"]
        compared["std"] = distribution.standard_deviation, archive["out/std"]
    if "out/deterministic_action" in archive:
        compared["mode"] = mode, archive["out/deterministic_action"]
    to_policy, to_state, to_latent = gradients
    compared["to state"] = to_state, archive["grad_in/state"]
    compared["to latent"] = to_latent, archive["grad_in/latent"]
    expected, actual = named_arrays(archive, "grad_param/"), named_actor_critic(to_policy)
    assert set(expected) - UNUSED_BIAS == set(actual) - UNUSED_BIAS
    compared |= {name: (actual[name], expected[name]) for name in actual}
    recorded = sorted(name for name in archive if name.startswith("out/base_params/"))
    if recorded:
        assert len(recorded) == len(generated)
        in_order = sorted(recorded, key=lambda name: int(name.rpartition("/")[2]))
        pairs = zip(generated, (archive[name] for name in in_order), strict=True)
        compared |= dict(zip(in_order, pairs, strict=True))
    return {what: difference(*pair) for what, pair in compared.items()}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_single_precision_equals_the_record(path: Path):
    assert {what: value for what, value in differences(path).items() if not value <= 1e-5} == {}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_double_precision_equals_the_record(path: Path):
    assert {what: value for what, value in differences(path).items() if not value <= 1e-9} == {}


def test_records_load_as_what_they_are():
    def layers(stem: str) -> list[type]:
        policy = load_actor_critic(np.load(DATA / "traces" / "policy" / f"policy_{stem}.npz"))
        assert isinstance(policy.actor, ConditionedNetwork | PlainNetwork)
        return [type(layer) for layer in policy.actor.layers]

    assert len(GOLDEN) == 12
    assert len(TRACES) > 40
    assert layers("HN16_init_b_discrete") == 3 * [GeneratedLinear]
    assert layers("FiLM_discrete") == 3 * [FilmLinear]
    partial = layers("HN_partial_110_init_b_continuous")
    assert [kind.__name__ for kind in partial] == ["GeneratedLinear", "GeneratedLinear", "Linear"]


def test_standard_deviation_never_vanishes():
    policy = load_actor_critic(np.load(DATA / "golden" / "policy_RNN_continuous__small.npz"))
    policy = eqx.tree_at(lambda p: p.log_standard_deviation, policy, jnp.full(3, -100.0))
    distribution = policy.act_distribution(jnp.ones((2, 4)), jnp.ones((2, 6)), no_task(2))
    assert isinstance(distribution, DiagonalGaussian)
    np.testing.assert_allclose(distribution.standard_deviation, 1e-6, rtol=1e-6)
    assert np.isfinite(distribution.log_probability(jnp.ones((2, 3)))).all()


def test_latent_embedding_takes_any_leading_dimensions_and_ends_with_probabilities():
    embedding = LatentEmbedding.create(
        jax.random.key(0), 3, 4, (6, 5), lambda key, i, o: jnp.ones((i, o)), 0.5
    )
    assert embedding.size == 5
    code = embedding(jnp.linspace(-1.0, 1.0, 12).reshape(2, 2, 3))
    assert code.shape == (2, 2, 5)
    np.testing.assert_allclose(code.sum(axis=-1), 1, rtol=1e-6)
