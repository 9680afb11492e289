"""The policy against the record: outputs, gradients, generated weights, initial parameters."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import PRNGKeyArray
from support.initialisation import draw, unlikely
from support.parity import (
    Named,
    difference,
    load_actor_critic,
    load_moments,
    named_actor_critic,
    named_arrays,
)

from splagger.environments.spaces import Box, Discrete
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.distributions import DiagonalGaussian
from splagger.policies.hypernetwork import HypernetworkNetwork
from splagger.policies.network import PlainNetwork

SPACES = {"discrete": Discrete(4), "continuous": Box(-1.0, 1.0, (3,))}


@eqx.filter_jit
def evaluate(policy: ActorCritic, moments, state, latent, action):
    """Values, log-probabilities and mean entropy; the gradients of the sum of all; and what the
    actor gives."""

    def total(arguments):
        policy, state, latent = arguments
        observation = moments.normalise(state)
        outputs = policy.action_outputs(observation, latent)
        distribution = policy.distribution
        results = {
            "value": policy.value(observation, latent)[:, None],
            "log_probs": distribution.log_probability(outputs, action)[:, None],
            "entropy_mean": jnp.mean(distribution.entropy(outputs)),
        }
        return sum(map(jnp.sum, results.values())), (results, outputs)

    return eqx.filter_grad(total, has_aux=True)((policy, state, latent))


@eqx.filter_jit
def generated_weights(policy: ActorCritic, latent) -> list[jax.Array]:
    """The generated weights of every sample as recorded: the critic's first, each matrix with its
    `(outputs, inputs)` in one row."""
    _, codes = policy.embed(jnp.zeros((len(latent), 4)), latent)
    weights = []
    for network in (policy.critic, policy.actor):
        assert isinstance(network, HypernetworkNetwork)
        for layer in network.layers:
            weight, bias = jax.vmap(layer.generate)(codes)
            weights += [weight.transpose(0, 2, 1).reshape(len(latent), -1), bias]
    return weights


@pytest.mark.parametrize("size", ["small", "small_init"])
@pytest.mark.parametrize("actions", SPACES)
@pytest.mark.parametrize("name", ["RNN_HN", "RNN_S"])
def test_outputs_and_gradients_equal_the_record(
    name: str, actions: str, size: str, reference: Path
):
    archive = dict(np.load(reference / "golden" / f"policy_{name}_{actions}__{size}.npz"))
    policy = load_actor_critic(archive)
    kind = HypernetworkNetwork if name == "RNN_HN" else PlainNetwork
    assert isinstance(policy.actor, kind)
    action = archive["in/action"][:, 0] if actions == "discrete" else archive["in/action"]
    gradients, (results, outputs) = evaluate(
        policy,
        load_moments(archive),
        *(jnp.asarray(array) for array in (archive["in/state"], archive["in/latent"], action)),
    )
    compared = {name: (value, archive[f"out/{name}"]) for name, value in results.items()}
    if actions == "discrete":
        logits = jax.nn.log_softmax(outputs)
        compared["logits"] = logits, archive["out/logits_normalised"]
    else:
        compared["mean"] = outputs, archive["out/mean"]
        assert isinstance(policy.distribution, DiagonalGaussian)
        deviation = policy.distribution.standard_deviation
        compared["std"] = jnp.broadcast_to(deviation, outputs.shape), archive["out/std"]
    to_policy, to_state, to_latent = gradients
    compared["to state"] = to_state, archive["grad_in/state"]
    compared["to latent"] = to_latent, archive["grad_in/latent"]
    expected = named_arrays(archive, "grad_param/")
    to_parameters = named_actor_critic(to_policy)
    assert set(to_parameters) == set(expected)
    compared |= {name: (to_parameters[name], expected[name]) for name in expected}
    differences = {what: difference(*pair) for what, pair in compared.items()}
    assert {what: value for what, value in differences.items() if not value <= 1e-5} == {}


@pytest.mark.parametrize("actions", SPACES)
def test_generated_weights_equal_the_record(actions: str, reference: Path):
    archive = dict(np.load(reference / "golden" / f"policy_RNN_HN_{actions}__small.npz"))
    weights = generated_weights(load_actor_critic(archive), jnp.asarray(archive["in/latent"]))
    assert f"out/base_params/{len(weights)}" not in archive
    for number, weight in enumerate(weights):
        assert difference(weight, archive[f"out/base_params/{number}"]) <= 1e-5


@pytest.mark.parametrize("actions", SPACES)
@pytest.mark.parametrize("variant", ["HN_init_b", "plain"])
def test_initial_parameters_are_distributed_as_recorded(
    variant: str, actions: str, reference: Path
):
    def create_named(key: PRNGKeyArray) -> Named:
        return named_actor_critic(
            create(key, actions, variant != "plain", (24, 12), critic_bias_bound=1.0)
        )

    archive = dict(np.load(reference / "traces" / f"init_stats_{actions}.npz"))
    assert unlikely(archive, f"{variant}_{actions}", draw(create_named)) == []


@pytest.mark.parametrize("actions", SPACES)
@pytest.mark.parametrize("hypernetwork", [True, False])
def test_initial_norms_and_bounds(actions: str, hypernetwork: bool):
    @jax.jit
    def layers(key):
        policy = create(key, actions, hypernetwork, (24, 12))
        return layers_of(policy.actor), layers_of(policy.critic)

    actor, critic = layers(jax.random.key(0))
    for weight, bias in (*actor[:-1], *critic[:-1]):
        np.testing.assert_allclose(np.linalg.norm(weight, axis=0), 5 / 3, rtol=1e-5)
        assert np.all(bias == 0)
    weight, bias = actor[-1]
    gain = 0.01 if actions == "discrete" else 1.0
    np.testing.assert_allclose(np.linalg.norm(weight, axis=0), gain, rtol=1e-4)
    assert np.all(bias == 0)


@pytest.mark.parametrize(
    ("hypernetwork", "bias_bound", "weight_limit", "bias_limit"),
    [
        (True, None, (6 / 12) ** 0.5, 12**-0.5),
        (True, 1.0, (6 / 12) ** 0.5, 1.0),
        (False, None, 12**-0.5, 12**-0.5),
    ],
)
def test_critic_starts_within_its_bounds_and_fills_them(
    hypernetwork: bool, bias_bound: float | None, weight_limit: float, bias_limit: float
):
    def head(key):
        policy = create(key, "discrete", hypernetwork, (24, 12), critic_bias_bound=bias_bound)
        return layers_of(policy.critic)[-1]

    keys = jax.random.split(jax.random.key(0), 200)
    weights, biases = jax.jit(lambda keys: jax.lax.map(head, keys))(keys)
    for values, limit in ((weights, weight_limit), (biases, bias_limit)):
        assert 0.97 * limit < np.abs(values).max() <= limit * 1.000001


def test_latent_has_no_influence_at_first_but_its_heads_learn():
    policy = eqx.filter_jit(create)(jax.random.key(0), "discrete", True, (24, 12))
    observation, latent = jnp.linspace(-1.0, 1.0, 8).reshape(2, 4), jnp.ones((2, 6))

    @jax.jit
    def gradient(policy, latent):
        def total(arguments):
            policy, latent = arguments
            outputs = policy.action_outputs(observation, latent)
            return jnp.sum(outputs**2) + jnp.sum(policy.value(observation, latent))

        return jax.grad(total)((policy, latent))

    to_policy, to_latent = gradient(policy, latent)
    np.testing.assert_array_equal(to_latent, np.zeros_like(to_latent))
    assert all(np.any(layer.basis[:, :-1] != 0) for layer in to_policy.actor.layers)
    assert all(np.any(layer.basis[:, :-1] != 0) for layer in to_policy.critic.layers)


def create(
    key: PRNGKeyArray,
    actions: str,
    hypernetwork: bool,
    hidden_sizes: tuple[int, ...],
    critic_bias_bound: float | None = None,
) -> ActorCritic:
    return ActorCritic.create(
        key,
        observation_size=4,
        latent_size=6,
        action_space=SPACES[actions],
        hypernetwork=hypernetwork,
        observation_embedding=20,
        latent_embedding=10,
        hidden_sizes=hidden_sizes,
        standard_deviation=1.0,
        critic_bias_bound=critic_bias_bound,
    )


def layers_of(network) -> list[tuple[jax.Array, jax.Array]]:
    """Weights and biases of every layer, as generated for a code of ones."""
    if isinstance(network, PlainNetwork):
        return [(layer.weight, layer.bias) for layer in network.layers]
    return [layer.generate(jnp.ones(layer.basis.shape[1] - 1)) for layer in network.layers]
