"""Policies from settings: how they start, against the record, and what is refused."""

import functools
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import PRNGKeyArray
from support.initialisation import draw, unlikely
from support.policy_parity import UNUSED_BIAS, named_actor_critic
from support.tasks import no_task
from support.tiny import same

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.errors import UserError
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
    PolicySettings,
)
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.distributions import DiagonalGaussian
from splagger.policies.generated_linear import GeneratedLinear
from splagger.policies.multi_network import MultiNetwork
from splagger.policies.policy import Policy
from splagger.recipes.build_policy import build_policy

ACTOR_HEAD = ("dist.", "hyper_final_to_actor_linear")
"""How recorded names of what depends on the kind of actions start."""

SPACES = {"discrete": Discrete(4), "continuous": Box(-1.0, 1.0, (3,))}
SIZES = {"observation_embedding": 20, "latent_embedding": 10, "hidden_sizes": (24, 12)}

hypernetwork = functools.partial(HypernetworkSettings, **SIZES)
film = functools.partial(FilmSettings, **SIZES)
plain = functools.partial(PlainPolicySettings, **SIZES)

VARIANTS: dict[str, PolicySettings] = {
    "HN_init_b": hypernetwork(),
    "HN_init_w": hypernetwork(hyper_initialisation="weight"),
    "HN_init_wb": hypernetwork(hyper_initialisation="both"),
    "HN_no_init": hypernetwork(hyper_initialisation="none"),
    "HN_kaiming": hypernetwork(hyper_initialisation="none", initialisation="kaiming"),
    "HN_orthogonal": hypernetwork(hyper_initialisation="none", initialisation="orthogonal"),
    "HN_init_b_orthogonal": hypernetwork(initialisation="orthogonal"),
    "HN_init_b_kaiming": hypernetwork(initialisation="kaiming"),
    "HN_init_w_kaiming": hypernetwork(hyper_initialisation="weight", initialisation="kaiming"),
    "HFI": hypernetwork(hyper_initialisation="hfi", initialisation="kaiming"),
    "HFI_norm_latent": hypernetwork(hyper_initialisation="hfi", initialisation="kaiming"),
    "HFI16": hypernetwork(
        hyper_initialisation="hfi", initialisation="kaiming", hyper_hidden_sizes=(16,)
    ),
    "HN16_init_b": hypernetwork(hyper_hidden_sizes=(16,)),
    "HN16_init_w": hypernetwork(hyper_initialisation="weight", hyper_hidden_sizes=(16,)),
    "HN16_softmax_init_w": hypernetwork(
        hyper_initialisation="weight", hyper_hidden_sizes=(16,), hyper_softmax_temperature=0.5
    ),
    "HN_partial_110_init_b": hypernetwork(generated_layers=(True, True, False)),
    "FiLM": film(hyper_initialisation="none"),
    "FiLM_init_b": film(),
    "FiLM_init_w": film(hyper_initialisation="weight"),
    "FiLM_init_wb": film(hyper_initialisation="both"),
    "FiLM16_init_b": film(hyper_hidden_sizes=(16,)),
    "plain": plain(),
    "plain_orthogonal": plain(initialisation="orthogonal"),
    "plain_kaiming": plain(initialisation="kaiming"),
}
"""Every recorded one."""


def build(
    settings: PolicySettings,
    actions: str,
    key: PRNGKeyArray,
    critic_bias_bound: float | None = None,
) -> ActorCritic:
    policy = build_policy(
        settings,
        observation_size=4,
        latent_size=6,
        action_space=SPACES[actions],
        tasks=None,
        task_size=0,
        belief_size=None,
        warm_up=False,
        critic_bias_bound=critic_bias_bound,
        key=key,
    )
    assert isinstance(policy, ActorCritic)
    return policy


@functools.cache
def drawn(settings: PolicySettings) -> dict[str, dict[str, np.ndarray]]:
    """Parameters by their recorded names for both kinds of actions. In one program, which draws but
    once what comes before the actor's head: compiling takes longer than drawing."""

    def create(key: PRNGKeyArray):
        discrete, continuous = (
            named_actor_critic(build(settings, actions, key, critic_bias_bound=1.0))
            for actions in SPACES
        )
        other = {n: a for n, a in discrete.items() if n.startswith(ACTOR_HEAD)}
        return {f"discrete {n}": a for n, a in other.items()} | continuous

    arrays = draw(create)
    discrete = {n.removeprefix("discrete "): a for n, a in arrays.items() if "discrete " in n}
    continuous = {n: a for n, a in arrays.items() if "discrete " not in n}
    shared = {n: a for n, a in continuous.items() if not n.startswith(ACTOR_HEAD)}
    return {"discrete": shared | discrete, "continuous": continuous}


@pytest.mark.parametrize("variant", VARIANTS)
def test_initial_parameters_are_distributed_as_recorded(variant: str, reference: Path):
    settings = VARIANTS[variant]
    unused = UNUSED_BIAS if isinstance(settings, FilmSettings) else ()
    for actions, parameters in drawn(settings).items():
        archive = np.load(reference / "traces" / "policy" / f"init_stats_{actions}.npz")
        ignored = {name for name in unused if name in archive[f"{variant}_{actions}/names"]}
        assert unlikely(archive, f"{variant}_{actions}", parameters, ignored) == []


def test_every_recorded_variant_is_compared(reference: Path):
    for actions in SPACES:
        archive = np.load(reference / "traces" / "policy" / f"init_stats_{actions}.npz")
        recorded = {name.partition("/")[0] for name in archive if "/" in name}
        assert recorded == {f"{variant}_{actions}" for variant in VARIANTS}


def test_a_policy_of_the_latent_alone_does_not_see_the_observation():
    policy = jax.jit(functools.partial(build, plain(observe=False), "discrete"))(jax.random.key(0))
    assert policy.observation_embedding is None
    latent = jnp.linspace(-1.0, 1.0, 12).reshape(2, 6)
    values = [policy.value(jnp.full((2, 4), x), latent, no_task(2)) for x in (0.0, 5.0)]
    np.testing.assert_array_equal(*values)
    assert values[0][0] != values[0][1]


def test_the_critic_starts_with_a_bias_within_its_bound():
    def bias(bound: float | None, key: PRNGKeyArray):
        critic = build(hypernetwork(), "discrete", key, bound).critic
        assert isinstance(critic, ConditionedNetwork)
        head = critic.layers[-1]
        assert isinstance(head, GeneratedLinear)
        return head.bias_basis[-1, 0]

    keys = jax.random.split(jax.random.key(0), 200)
    for bound, limit in ((None, 12**-0.5), (2.0, 2.0)):
        draw_all = jax.jit(lambda keys, bound=bound: jax.lax.map(lambda k: bias(bound, k), keys))
        assert 0.95 * limit < np.abs(draw_all(keys)).max() <= limit * 1.000001


def test_under_bias_hyper_init_the_latent_has_no_influence_at_first_but_its_heads_learn():
    policy = jax.jit(functools.partial(build, hypernetwork(), "discrete"))(jax.random.key(0))
    observation, latent = jnp.linspace(-1.0, 1.0, 8).reshape(2, 4), jnp.ones((2, 6))

    @jax.jit
    def gradient(policy, latent):
        def total(arguments):
            policy, latent = arguments
            distribution, value = policy(observation, latent, no_task(2))
            return jnp.sum(distribution.logits**2) + jnp.sum(value)

        return jax.grad(total)((policy, latent))

    to_policy, to_latent = gradient(policy, latent)
    np.testing.assert_array_equal(to_latent, np.zeros_like(to_latent))
    for network in (to_policy.actor, to_policy.critic):
        assert isinstance(network, ConditionedNetwork)
        for layer in network.layers:
            assert isinstance(layer, GeneratedLinear)
            assert np.any(layer.basis[:, :-1] != 0)


def test_continuous_actions_start_with_the_deviation_asked_for():
    policy = build(plain(initial_standard_deviation=0.5), "continuous", jax.random.key(0))
    distribution = policy.act_distribution(jnp.zeros(4), jnp.zeros(6), no_task())
    assert isinstance(distribution, DiagonalGaussian)
    np.testing.assert_allclose(distribution.standard_deviation, 0.5, rtol=1e-6)


def test_a_network_for_every_task_needs_a_number_of_tasks():
    def policy(tasks: int | None):
        return build_policy(
            MultiNetworkSettings(**SIZES),
            observation_size=4,
            latent_size=6,
            action_space=SPACES["discrete"],
            tasks=tasks,
            task_size=0,
            belief_size=None,
            warm_up=False,
            critic_bias_bound=None,
            key=jax.random.key(0),
        )

    with pytest.raises(UserError, match=r"agent\.policy is multi-network.*tasks is none"):
        policy(None)
    shapes = jax.eval_shape(lambda: policy(4))
    assert isinstance(shapes, MultiNetwork)
    assert {leaf.shape[0] for leaf in jax.tree.leaves(shapes)} == {4}


def build_told(
    settings: PolicySettings, task_size: int, belief_size: int | None, *, warm_up: bool = False
) -> Policy:
    return build_policy(
        settings,
        observation_size=4,
        latent_size=6,
        action_space=SPACES["discrete"],
        tasks=None,
        task_size=task_size,
        belief_size=belief_size,
        warm_up=warm_up,
        critic_bias_bound=None,
        key=jax.random.key(0),
    )


@pytest.mark.parametrize("kind", [plain, hypernetwork, film])
def test_what_a_policy_is_told_must_be_there(kind: functools.partial):
    with pytest.raises(UserError, match=r"policy\.source is 'task', .* gives no task vector"):
        build_told(kind(source="task"), 0, 5)
    with pytest.raises(UserError, match=r"task_inference is given, .* gives no task vector"):
        build_told(kind(), 0, 5, warm_up=True)
    with pytest.raises(
        UserError,
        match="gives no exact belief; grid-navigation and t-maze-latent do",
    ):
        build_told(kind(source="belief"), 2, None)


@pytest.mark.parametrize(("source", "size"), [("latent", 6), ("task", 2), ("belief", 5)])
def test_the_embedding_is_as_wide_as_its_source(source: Any, size: int):
    policy = jax.eval_shape(lambda: build_told(hypernetwork(source=source), 2, 5))
    assert isinstance(policy, ActorCritic)
    assert policy.latent_embedding.embedding.weight.shape == (size, 10)
    assert policy.task_embedding is None


def test_all_else_starts_as_it_does_without_an_embedding_of_the_task():
    @jax.jit
    def both():
        return tuple(build_told(plain(), 2, None, warm_up=on) for on in (True, False))

    policy, without = both()
    assert policy.task_embedding.weight.shape == (2, 10)
    assert np.any(policy.task_embedding.weight != 0)
    assert same(eqx.tree_at(lambda p: p.task_embedding, policy, None), without)
